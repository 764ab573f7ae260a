import type { NotificationRecord } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { held } from '../support/deferral.js'
import type { TestProvider } from '../support/provider.js'
import { answering, until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

/** Two nodes of which one must not send. */
function nodes(kind: keyof typeof stocks): void {
  let fleet: Fleet
  let silent: TestProvider
  let sending: TestProvider

  beforeAll(async () => {
    fleet = await startFleet(await stocks[kind]())
    silent = await fleet.start({ notification: { worker: false } })
    sending = await fleet.start()
  })

  afterAll(() => fleet.close())

  test('I-096 what one node decides another one tells, once', async () => {
    const events: string[] = []
    sending.provider.on('deferral.notified', ({ id }) => events.push(id))
    const decided = await Promise.all(
      (['approve', 'deny', 'cancel'] as const).map(async (decide) => {
        const { id } = await fleet.begin(silent)
        await silent.provider.deferrals[decide](id)
        expect(await fleet.told(id)).toMatchObject({ status: 'owed', attempts: 0 })
        return id
      }),
    )
    fleet.clock.advance(2)
    for (const id of decided) {
      expect(await fleet.settled(id, 'delivered')).toMatchObject({ attempts: 1, answer: 204 })
      expect(fleet.heard(id)).toHaveLength(1)
      expect(fleet.heard(id)[0]?.headers).toMatchObject({ 'delivery-id': id, 'delivery-attempt': '1' })
    }
    await until(() => events.length === 3)
    expect(events.sort()).toEqual(decided.sort())
  })

  test('what is decided and sent on one node does not wait for a sweep', async () => {
    const other = await startFleet(await stocks[kind]())
    const op = await other.start({ store: { ...other.store, due: async () => [] } })
    const { id } = await other.begin(op)
    other.clock.advance(2)
    await op.provider.deferrals.approve(id)
    await other.settled(id, 'delivered')
    expect(other.heard(id)).toHaveLength(1)
    await other.close()
  })

  test('a replay asked for at a node that does not send is sent by the other', async () => {
    const { id } = await fleet.begin(sending)
    fleet.receiver.behave = answering(410)
    fleet.clock.advance(2)
    await sending.provider.deferrals.deny(id)
    expect(await fleet.settled(id, 'failed')).toMatchObject({ answer: 410, attempts: 1 })
    fleet.receiver.behave = answering(200)
    const { notifications } = silent.provider.deferrals
    const listed = await notifications.list({ status: 'failed' })
    expect(listed.notifications.map(({ id }) => id)).toContain(id)
    expect(await notifications.replay(id)).toMatchObject({ changed: true, deferral: { notification: { attempts: 0 } } })
    await fleet.settled(id, 'delivered')
    expect(fleet.heard(id).map(({ headers }) => headers['delivery-attempt'])).toEqual(['1', '1'])
    expect(await notifications.replay(id)).toMatchObject({ changed: false })
  })

  test('I-120 I-100 the worker erases what a deferral that expired will not need', async () => {
    const waits = await fleet.begin(silent)
    const failed = await fleet.begin(silent)
    fleet.receiver.behave = answering(401)
    await silent.provider.deferrals.deny(failed.id)
    fleet.clock.advance(2)
    await fleet.settled(failed.id, 'failed')
    const count = fleet.receiver.arrivals.length
    expect(await fleet.told(failed.id)).toHaveProperty('sealed')
    fleet.clock.advance(86_400)
    for (const { id } of [waits, failed]) await until(async () => (await fleet.told(id)).sealed === undefined)
    const left: (keyof NotificationRecord)[] = ['status', 'attempts', 'fence', 'notBefore']
    expect(Object.keys(await fleet.told(waits.id)).sort()).toEqual([...left].sort())
    expect(await fleet.told(waits.id)).toMatchObject({ status: 'suppressed', attempts: 0 })
    expect(await fleet.told(failed.id)).toMatchObject({ status: 'failed', answer: 401, attempts: 1 })
    expect(fleet.receiver.arrivals).toHaveLength(count)
  })
}

describe('nodes that share a memory', () => nodes('memory'))
describeMongo('nodes that share a database', () => nodes('MongoDB'))

describeMongo('a node on the clock of the database', () => {
  test('sends what it has decided without a sweep', async () => {
    const stock = await stocks.MongoDB()
    const fleet = await startFleet(stock)
    const store = { ...stock.store, due: async () => [], watch: async () => undefined }
    const op = await fleet.start({ store, now: undefined as never })
    const { deferralCode } = await held(op, relyingParty(op.origin), 'client_credentials')
    const id = deferralCode.slice(0, 22)
    await until(async () => (await fleet.told(id)).notBefore < new Date())
    await op.provider.deferrals.approve(id)
    await fleet.settled(id, 'delivered')
    expect(fleet.heard(id)).toHaveLength(1)
    await fleet.close()
  })
})
