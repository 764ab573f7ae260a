import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { describeMongo } from '../support/database.js'
import { held } from '../support/deferral.js'
import { deferred, waiting } from '../support/journey.js'
import { type TestProvider, withProvider } from '../support/provider.js'
import { answering, until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

const events = ['expired', 'notification_failed'] as const
const day = 86_400

/** Three nodes of one deployment, of which one must not send. */
function nodes(kind: keyof typeof stocks): void {
  let fleet: Fleet
  let op: TestProvider
  const announced: string[] = []
  let sweeps = 0

  beforeAll(async () => {
    const stock = await stocks[kind]()
    const due: DeferralStore['due'] = (...args) => {
      sweeps += 1
      return stock.store.due(...args)
    }
    fleet = await startFleet({ ...stock, store: { ...stock.store, due } }, { behave: answering(503) })
    const started = [await fleet.start(), await fleet.start(), await fleet.start({ notification: { worker: false } })]
    op = started[0] as TestProvider
    for (const { provider } of started)
      for (const event of events) provider.on(`deferral.${event}`, ({ id }) => announced.push(`${event} ${id}`))
  })

  afterAll(() => fleet.close())

  test('what expired is ended once: before its exchange, while it waits, approved, and with a notification owed', async () => {
    const { deferrals } = op.provider
    const code = await deferred(op, relyingParty(op.origin, 'other'))
    const [waits, approved, denied] = [await fleet.begin(op), await fleet.begin(op), await fleet.begin(op)]
    fleet.clock.advance(2)
    await deferrals.approve(approved.id)
    await deferrals.deny(denied.id)
    for (const { id } of [approved, denied]) await until(async () => (await fleet.told(id)).reason !== undefined)
    fleet.clock.advance(day)
    for (const { id } of [code, waits, approved])
      await until(async () => (await fleet.record(id)).expiredAt !== undefined)
    for (const { id } of [approved, denied]) await fleet.settled(id, 'failed')
    // each node has looked again
    const before = sweeps
    await until(() => sweeps > before + 9)

    expect(announced.sort()).toEqual(
      [
        ...[code, waits, approved].map(({ id }) => `expired ${id}`),
        ...[approved, denied].map(({ id }) => `notification_failed ${id}`),
      ].sort(),
    )
    const endings = async ({ id }: { id: string }) =>
      (await fleet.store.history(id))
        .filter(({ at }) => at >= new Date(fleet.clock.now().getTime() - 60_000))
        .map(({ event, notification }) => [event, notification])
    expect(await endings(code)).toEqual([['expired', undefined]])
    expect(await endings(waits)).toEqual([['expired', undefined]])
    expect(await endings(approved)).toEqual([['expired', 'failed']])
    expect(await endings(denied)).toEqual([['notification_failed', undefined]])
    expect(await deferrals.get(waits.id)).toMatchObject({
      status: 'pending',
      expired: true,
      expiredAt: fleet.clock.now(),
      notification: { status: 'suppressed' },
    })
  })
}

describe('nodes that share a memory', () => nodes('memory'))
describeMongo('nodes that share a database', () => nodes('MongoDB'))

test('expiry is noted without keys as well, and of a deferred code that nobody exchanged', async () => {
  await withProvider({ deferred: { ttl: { deferredCode: 60, deferral: 600 } } }, async (op) => {
    const expired: string[] = []
    op.provider.on('deferral.expired', ({ id, expiredAt }) => expired.push(`${id} ${expiredAt?.toISOString()}`))
    const { id: early } = await deferred(op, relyingParty(op.issuer))
    const { id: late } = await waiting(op, relyingParty(op.issuer))
    op.clock.advance(60)
    const first = op.clock.now().toISOString()
    await until(() => expired.length > 0)
    op.clock.advance(540)
    await until(() => expired.length > 1)
    expect(expired).toEqual([`${early} ${first}`, `${late} ${op.clock.now().toISOString()}`])
  })
})

test('polls do not wait for a sweep: expired_token from that second on, and no decision', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const store: DeferralStore = { ...memoryStore(), due: () => Promise.reject(new Error('nobody sweeps')) }
  await withProvider({ deferred: { store, defer: () => true } }, async (op) => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    await held(op, rp, 'client_credentials')
    op.clock.advance(day)
    expect((await rp.poll(handle)).body.error).toBe('expired_token')
    expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: false, deferral: { expired: true } })
    expect(await op.provider.deferrals.get(id)).not.toHaveProperty('expiredAt')
  })
  warned.mockRestore()
})
