/*
 * A held poll is answered like any other poll: each answer is compared with that to a poll which is not held.
 */
import { channel } from 'node:diagnostics_channel'
import { errors, Provider as Host } from 'oidc-provider'
import type { Provider } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useProvider } from '../../support/use_provider.js'
import { moment, pendingOf, profiles } from './held_polls.js'

const traces = channel('tracing:oidc-provider-deferred:poll:asyncEnd')
const noFault = () => {}
const fail = (error: unknown) => () => {
  throw error
}

let seen: unknown[] = []
let findAccount = noFault
let listener = noFault

const op = useProvider({
  configuration: {
    findAccount: (_ctx, sub) => {
      findAccount()
      return { accountId: sub, claims: () => ({ sub }) }
    },
  },
  deferred: { defer: () => true, longPoll: { seconds: 20 } },
  mounted: { path: '', by: observed },
})

/** Notes what middleware and listeners of an integrator see, in order. */
function observed(provider: Provider) {
  for (const name of ['first', 'second']) {
    provider.use(async (ctx, next) => {
      await next()
      if (ctx.path === '/token') seen.push([`${name} middleware`, ctx.status, typeof ctx.body])
    })
  }
  for (const event of ['grant.success', 'grant.error', 'server_error'] as const) {
    provider.on(event as 'grant.success', (ctx: unknown) => {
      const { status, body } = ctx as { status: number; body: unknown }
      seen.push([event, status, typeof body, (Host as unknown as { ctx: unknown }).ctx === ctx])
      listener()
    })
  }
  return provider.callback()
}

const trace = (message: unknown) => seen.push(['trace', (message as { outcome: string }).outcome])
beforeAll(() => void traces.subscribe(trace))
afterAll(() => void traces.unsubscribe(trace))
beforeEach(() => {
  seen = []
  findAccount = noFault
  listener = noFault
})

const ends: [string, 'approve' | 'deny', () => void][] = [
  ['tokens', 'approve', noFault],
  ['a denial', 'deny', noFault],
  [
    'a refusal of the integrator with a challenge',
    'approve',
    () => {
      const refusal = new errors.InvalidClient('a "client" that\\is not', 'a detail')
      findAccount = fail(Object.assign(refusal, { status: 401, statusCode: 401 }))
    },
  ],
  [
    'a fault of the integrator',
    'approve',
    () => {
      findAccount = fail(Object.assign(new Error('broken'), { expose: true, statusCode: 403 }))
    },
  ],
  [
    'a listener that throws',
    'deny',
    () => {
      listener = fail(new Error('broken'))
    },
  ],
]

describe.each(profiles)('the answer to a held poll, %s profile', (profile) => {
  test.each(ends)('is that to any other poll: %s', async (_name, verb, prepare) => {
    const answers = []
    for (const isHeld of [false, true]) {
      const { id, poll } = await pendingOf(op, profile)
      seen = []
      const decide = async () => {
        prepare()
        await op.provider.deferrals[verb](id)
      }
      if (!isHeld) await decide()
      const answer = poll(20)
      await moment()
      if (isHeld) {
        // nothing has happened for the integrator
        expect(seen).toEqual([])
        await decide()
      }
      const { status, headers, body } = await answer
      findAccount = noFault
      listener = noFault
      const { date, 'preference-applied': _, 'content-length': __, ...others } = Object.fromEntries(headers)
      answers.push({ status, others, members: Object.keys(Object(body)), error: Object(body).error, seen: [...seen] })
    }
    expect(answers[1]).toEqual(answers[0])
    expect(seen.length).toBeGreaterThan(1)
  })
})
