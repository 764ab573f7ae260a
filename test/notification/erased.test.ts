import { memoryStore, type NotificationRecord } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeMongo, useDatabase } from '../support/database.js'
import { answering } from '../support/receiver.js'
import { startWire, type Wire, type WireOptions } from './wire.js'

function notifiesTheClient(options: () => WireOptions): void {
  let wire: Wire
  let accounts = 0

  beforeAll(async () => {
    wire = await startWire(options())
  })
  afterAll(() => wire.close())

  /** One of an account of its own, whose client may be notified. */
  async function begun() {
    accounts += 1
    const accountId = `account ${accounts}`
    wire.op.user.interaction = { accountId }
    const one = await wire.begin('openid', { token: 'a-notification-token' })
    wire.op.clock.advance(2)
    return { ...one, accountId }
  }
  const erase = (accountId: string) => wire.op.provider.deferrals.erase({ accountId })
  const secretsOf = ({ sealed, due }: NotificationRecord) => [sealed, due]

  test('of an erasure that cancelled its deferral, and the secrets go', async () => {
    const { id, accountId, poll } = await begun()
    expect(await erase(accountId)).toEqual({ erased: 1 })
    expect(secretsOf(await wire.settled(id, 'delivered'))).toEqual([undefined, undefined])
    expect(wire.heard(id)).toHaveLength(1)
    expect((await poll()).body.error).toBe('access_denied')
    const { history } = (await wire.op.provider.deferrals.get(id)) ?? {}
    const events = history?.map(({ event }) => event) ?? []
    expect(events.slice(0, 3)).toEqual(['created', 'exchanged', 'cancelled'])
    expect(events.slice(3).sort()).toEqual(['erased', 'notification_attempted', 'notified'])
  })

  test('after an attempt that failed for a while', async () => {
    const { id, accountId } = await begun()
    wire.answer(id, answering(503))
    await erase(accountId)
    await wire.over(id, 1)
    expect((await wire.kept(id))?.sealed).toEqual(expect.any(String))
    wire.answer(id, answering(204))
    wire.op.clock.advance(600)
    expect(secretsOf(await wire.settled(id, 'delivered'))).toEqual([undefined, undefined])
  })

  test('until it has failed; then the secrets go, and nobody sends it again', async () => {
    const { id, accountId } = await begun()
    wire.answer(id, answering(401))
    await erase(accountId)
    expect(secretsOf(await wire.settled(id, 'failed'))).toEqual([undefined, undefined])
    expect(await wire.op.provider.deferrals.notifications.replay(id)).toMatchObject({ changed: false })
  })

  test('no second time of a decision that it knows, and one that failed before loses its secrets at once', async () => {
    const { id, accountId } = await begun()
    wire.answer(id, answering(401))
    await wire.op.provider.deferrals.deny(id)
    expect((await wire.settled(id, 'failed')).sealed).toEqual(expect.any(String))
    await erase(accountId)
    expect(secretsOf((await wire.kept(id)) as NotificationRecord)).toEqual([undefined, undefined])
    expect(wire.heard(id)).toHaveLength(1)
  })
}

describe('a client is notified, in memory,', () => {
  const store = memoryStore()
  notifiesTheClient(() => ({ deferred: { store } }))
})

describeMongo('a client is notified, in MongoDB,', () => {
  const database = useDatabase()
  notifiesTheClient(() => ({ deferred: { store: mongoStore(database.db) } }))
})
