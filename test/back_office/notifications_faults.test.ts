import type { Deferral, Transition } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Begun, startWire, type Wire } from '../notification/wire.js'
import { observedStore } from '../support/observed.js'
import { until } from '../support/receiver.js'

/*
 * Whatever happens on the way to the client, who decides hears of the decision and of nothing else.
 */
const observed = observedStore()
const events: { event: string; deferral: Deferral }[] = []
const eventsOf = (id: string) => events.filter(({ deferral }) => deferral.id === id).map(({ event }) => event)
const decided = { changed: true, deferral: { status: 'approved' } } as object as Transition
const unknown = () => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }))

let wire: Wire
let resolve: () => string[] | Promise<string[]>
const reachable = () => ['127.0.0.1']

beforeAll(async () => {
  resolve = reachable
  wire = await startWire({ deferred: { store: observed.store }, notification: { resolve: () => resolve() } })
  for (const event of ['notified', 'notification_failed'] as const)
    wire.op.provider.on(`deferral.${event}`, (deferral) => events.push({ event, deferral }))
})
afterAll(() => wire.close())

const deferrals = () => wire.op.provider.deferrals

async function ready(): Promise<Begun> {
  const begun = await wire.begin('oauth')
  wire.op.clock.advance(2)
  return begun
}

describe('the way to the client', () => {
  test.each<[string, typeof resolve, string, RegExp]>([
    // the receiver is at another address
    ['nobody listens', () => ['127.0.0.2'], 'owed', /^no answer: ECONNREFUSED$/],
    [
      'its host has an address that is not public',
      () => ['10.0.0.1'],
      'failed',
      /10\.0\.0\.1, which may not be reached$/,
    ],
    ['its host has no address', () => [], 'owed', /^no answer: ENOTFOUND$/],
    ['its host is not known', unknown, 'owed', /^no answer: ENOTFOUND$/],
    [
      'the resolver of the integrator is broken',
      () => 'address' as never,
      'owed',
      /^no answer: RESOLVE_MUST_RETURN_AN_ARRAY/,
    ],
    [
      'the resolver of the integrator gives no addresses',
      () => [undefined, 1] as never,
      'owed',
      /^no answer: RESOLVE_MUST_RETURN_AN_ARRAY/,
    ],
  ])('%s: the approver hears nothing of it, and polls yield tokens', async (_case, resolved, status, reason) => {
    resolve = resolved
    const { id, poll } = await ready()
    expect(await deferrals().approve(id)).toMatchObject(decided)
    await wire.over(id, 1)
    resolve = reachable
    expect(await wire.kept(id)).toMatchObject({ status, reason: expect.stringMatching(reason) })
    expect(eventsOf(id)).toEqual(status === 'failed' ? ['notification_failed'] : [])
    expect((await poll()).status).toBe(200)
    expect(wire.heard(id)).toEqual([])
  })
})

describe('the store', () => {
  test.each([
    ['due', 'before', 1],
    ['swap notification_attempted', 'before', 1],
    ['swap notification_attempted', 'after', 1],
    ['swap notified', 'before', 1],
    ['swap notified', 'after', 1],
  ] as const)('%s fails once, its reply lost or not (%s): told once, and announced once', async (verb, when, count) => {
    const { id } = await ready()
    observed.failNext(verb, when)
    expect(await deferrals().approve(id)).toMatchObject(decided)
    await wire.settled(id, 'delivered')
    await until(() => eventsOf(id).length > 0)
    expect(wire.heard(id)).toHaveLength(count)
    expect(eventsOf(id)).toEqual(['notified'])
  })

  test('what came of an attempt cannot be written at all: the approver hears nothing, and it is sent once more', async () => {
    const { id } = await ready()
    observed.calls.length = 0
    for (let n = 0; n < 2; n++) observed.failNext('swap notified')
    expect(await deferrals().approve(id)).toMatchObject(decided)
    await until(() => observed.calls.filter((call) => call === 'swap notified').length === 2)
    expect(await wire.kept(id)).toMatchObject({ status: 'owed', attempts: 1 })
    wire.op.clock.advance(11)
    await wire.settled(id, 'delivered')
    expect(wire.heard(id).map(({ headers }) => headers['delivery-attempt'])).toEqual(['1', '2'])
    expect(eventsOf(id)).toEqual(['notified'])
  })

  test('the reply to a lease is lost, and so is the read after it: the notification goes on when the lease ends', async () => {
    const { id } = await ready()
    observed.failNext('swap notification_attempted', 'after')
    observed.failNext('find in doubt')
    expect(await deferrals().approve(id)).toMatchObject(decided)
    await wire.settled(id, 'owed')
    await until(async () => (await wire.kept(id))?.attempts === 1)
    wire.op.clock.advance(11)
    await wire.settled(id, 'delivered')
    expect(wire.heard(id)).toHaveLength(1)
  })

  test('a decision that cannot be written is no decision, and nothing is sent', async () => {
    const { id } = await ready()
    for (let n = 0; n < 2; n++) observed.failNext('swap approved')
    await expect(deferrals().approve(id)).rejects.toThrow(/swap/)
    await wire.swept()
    expect(wire.heard(id)).toEqual([])
    expect(await wire.kept(id)).toMatchObject({ status: 'waiting', attempts: 0 })
  })
})
