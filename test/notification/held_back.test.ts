import type { Deferral } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { held } from '../support/deferral.js'
import { deferred } from '../support/journey.js'
import { observedStore } from '../support/observed.js'
import { until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'
import { startWire, type Wire } from './wire.js'

/*
 * What was decided before the client had its handle. By the test clock no time goes by, and so nothing may be sent, until it is
 * moved; by the real clock a second does.
 */
const decisions = ['approve', 'deny'] as const
type Decide = (typeof decisions)[number]

interface Answered {
  id: string
  /** when the answer was out */
  at: number
}

const ways = {
  'openid profile: O-090': exchangedLate,
  'oauth profile: I-098': decidedAtOnce,
}
type Way = keyof typeof ways
const observed = observedStore()
let wire: Wire
let real: Wire
const timed = new Map<string, Answered>()
// of the last request
let answeredAt = 0

beforeAll(async () => {
  ;[wire, real] = await Promise.all([
    startWire({ deferred: { store: observed.store } }),
    startWire({ deferred: { now: () => new Date() } }),
  ])
  real.op.provider.use((ctx, next) => {
    ctx.res.once('finish', () => {
      answeredAt = performance.now()
    })
    return next()
  })
  for (const way of Object.keys(ways) as Way[])
    for (const decide of decisions) timed.set(`${way} ${decide}`, await ways[way](real, decide))
})
afterAll(() => Promise.all([wire.close(), real.close()]))

/** Decided, then exchanged. */
async function exchangedLate({ op }: Wire, decide: Decide): Promise<Answered> {
  const rp = relyingParty(op.issuer)
  const { code, id } = await deferred(op, rp)
  await op.provider.deferrals[decide](id)
  expect((await rp.exchange(code)).status).toBe(200)
  return { id, at: answeredAt }
}

/** Decided by a listener, before there is an answer to the token request. */
async function decidedAtOnce({ op }: Wire, decide: Decide): Promise<Answered> {
  const act = ({ id }: Deferral) => void op.provider.deferrals[decide](id)
  op.provider.once('deferral.created', act)
  const { id } = await held(op, relyingParty(op.issuer), 'client_credentials')
  return { id, at: answeredAt }
}

describe.each(Object.keys(ways) as Way[])('%s', (way) => {
  test('C71 E-23 the notification of an early decision waits until the client has its handle', async () => {
    const { id: other } = await wire.begin('oauth', { clientId: 'other' })
    wire.op.clock.advance(2)
    const early: Answered[] = []
    for (const decide of decisions) early.push(await ways[way](wire, decide))
    for (const { id } of early) await wire.armed(id)
    wire.op.clock.advance(0.9)
    // what is due meanwhile goes
    await wire.op.provider.deferrals.approve(other)
    await wire.settled(other, 'delivered')
    for (const { id } of early) expect(await wire.kept(id)).toMatchObject({ status: 'owed', attempts: 0 })
    expect(early.map(({ id }) => wire.heard(id))).toEqual([[], []])
    await wire.swept()
    for (const { id } of early) {
      await wire.settled(id, 'delivered')
      expect(wire.heard(id)).toHaveLength(1)
    }
  })

  test('C71 where the store cannot record that the answer is out, the notification waits for as long as an answer may take', async () => {
    observed.calls.length = 0
    observed.failNext('swap')
    observed.failNext('swap')
    const { id } = await ways[way](wire, 'approve')
    await until(() => observed.calls.filter((call) => call === 'swap').length === 2)
    for (const pause of [11, 2]) {
      expect(await wire.kept(id)).toMatchObject({ status: 'owed', attempts: 0 })
      wire.op.clock.advance(pause)
      await wire.swept()
    }
    await wire.settled(id, 'delivered')
    expect(wire.heard(id)).toHaveLength(1)
  })

  const delay = way.startsWith('oauth') ? 'I-099 C-I28' : 'C-I28'
  test.each(decisions)(`${delay} a client is told about a second after the answer was out: %s`, async (decide) => {
    const { id, at } = timed.get(`${way} ${decide}`)!
    await real.settled(id, 'delivered')
    const [{ at: arrivedAt } = { at: 0 }] = real.heard(id)
    expect(arrivedAt - at).toBeGreaterThan(900)
    expect(real.heard(id)).toHaveLength(1)
  })
})
