import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toRange } from '../../../lib/notification/egress/addresses.js'
import { createEgress } from '../../../lib/notification/egress/egress.js'
import { egressRules } from '../../../lib/notification/egress/rules.js'
import { checkingBefore, checkingFirst, checkingLookups, type Sender } from '../naive_senders.js'
import { type Loopback, listenOnLoopback, type Watch, watchConnections } from './connections.js'
import { literals, rebinding, refused, resolverOf, type Vector } from './refused_vectors.js'

const allowed = '127.0.0.9'
const allow = [toRange(allowed)!]

let loopback: Loopback
let watch: Watch

beforeAll(async () => {
  loopback = await listenOnLoopback()
  watch = watchConnections()
})

afterAll(async () => {
  watch.stop()
  await loopback.close()
})

// a guard that lets one through opens a real connection, which must not leave this machine
const isLoopback = (host: string) => /^(127\.|\[::1\]$)/.test(host)
const local = () => literals(loopback.port).filter(({ endpoint }) => isLoopback(new URL(endpoint).hostname))
const mixed = (): Vector => ({
  name: 'allowed, then private',
  endpoint: `https://mixed.example:${loopback.port}/`,
  resolution: () => [allowed, '127.0.0.1'],
})

type SenderOf = (resolve: (host: string) => string[]) => Sender

/** Names of the vectors that had a connection opened, to another address than this. */
async function leaks(vectors: Vector[], senderOf: SenderOf, spared = allowed): Promise<string[]> {
  const leaking: string[] = []
  for (const vector of vectors) {
    const before = watch.opened([]).length
    await senderOf(resolverOf([vector]).resolve)(vector.endpoint).catch(() => undefined)
    const opened = watch.opened([]).slice(before)
    if (opened.some((target) => !target.startsWith(`${spared} `))) leaking.push(vector.name)
  }
  return leaking
}

function ours(resolve: (host: string) => string[]): Sender {
  const options = { allow: [allowed], deny: ['denied.example'], ports: [loopback.port] }
  const egress = createEgress(egressRules(options, 'https://op.example'), { ...options, resolve })
  return async (endpoint) => {
    await egress
      .post({ clientId: 'client', endpoint, headers: {}, body: '{}' }, AbortSignal.timeout(9000))
      .finally(() => egress.close())
  }
}

describe('I-124 I-125 E-22 the vectors catch a guard', () => {
  test('that checks a name and has it resolved once more', async () => {
    expect(
      await leaks([...local(), rebinding(loopback.port)], (resolve) => checkingBefore({ resolve, allow })),
    ).toEqual(['rebinding'])
  })

  test('that checks look-ups only', async () => {
    const found = await leaks([...local(), rebinding(loopback.port)], (resolve) => checkingLookups({ resolve, allow }))
    expect(found).toEqual(local().map(({ name }) => name))
    expect(found.length).toBeGreaterThan(10)
  })

  test('that checks the first address of several', async () => {
    expect(await leaks([...local(), mixed()], (resolve) => checkingFirst({ resolve, allow }))).toEqual([mixed().name])
  })

  test('and nothing comes through ours', async () => {
    expect(await leaks([...refused(loopback.port), mixed()], ours, 'nothing')).toEqual([])
    expect(await leaks([rebinding(loopback.port)], ours)).toEqual([])
  })
})

/** Turns of the event loop that this takes; none where it waits for nothing. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  const turn = () => {
    turns += 1
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  await work().catch(() => undefined)
  clearImmediate(next)
  return turns
}

test('I-124 a denial takes no time that tells anything', async () => {
  const waiting: string[] = []
  for (const vector of refused(loopback.port)) {
    const send = ours(resolverOf([vector]).resolve)
    if (await turnsOf(() => send(vector.endpoint))) waiting.push(vector.name)
  }
  const connecting = ours(() => [allowed])
  expect(waiting).toEqual([])
  expect(await turnsOf(() => connecting(`https://rp.example:${loopback.port}/`))).toBeGreaterThan(0)
})
