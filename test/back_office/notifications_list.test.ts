import { type DeferralStore, type Deferrals, memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Begun, endpoints, startWire, type Wire } from '../notification/wire.js'
import { describeMongo, useMongoStore } from '../support/database.js'
import { answering } from '../support/receiver.js'

type List = Deferrals['notifications']['list']
type NotificationQuery = NonNullable<Parameters<List>[0]>
type NotificationListing = Awaited<ReturnType<List>>

/** The list of notifications, and what of them cannot be sent again, on any store. */
function contract(storeOf: () => DeferralStore) {
  let wire: Wire
  const begun: Record<string, Begun> = {}
  const list = (query?: NotificationQuery): Promise<NotificationListing> =>
    wire.op.provider.deferrals.notifications.list(query)
  const namesOf = ({ notifications }: NotificationListing) =>
    notifications.map(({ id }) => Object.keys(begun).find((name) => begun[name]?.id === id))

  beforeAll(async () => {
    wire = await startWire({
      clients: (endpoint) => endpoints(endpoint).map(withoutEndpointOf('assertion')),
      deferred: { store: storeOf(), ttl: { deferral: 600 } },
    })
    await live()
  })
  afterAll(() => wire.close())

  // oldest first; the first ones expire
  async function live(): Promise<void> {
    const { deferrals } = wire.op.provider
    const begin = async (name: string, profile: 'openid' | 'oauth' = 'oauth', clientId = 'secret') => {
      begun[name] = await wire.begin(profile, { clientId })
      wire.op.clock.advance(1)
      return begun[name]
    }
    const ended = async (name: string, status: number) => {
      const one = await begin(name)
      wire.answer(one.id, answering(status))
      wire.op.clock.advance(1)
      await deferrals.approve(one.id)
      await wire.over(one.id, 1)
    }
    await begin('expired')
    await ended('failed and expired', 401)
    wire.op.clock.advance(600)
    await begin('without endpoint', 'oauth', 'assertion')
    await begin('waiting', 'openid')
    await ended('delivered', 200)
    await ended('failed', 401)
    await ended('failed and redeemed', 401)
    await begun['failed and redeemed']!.poll()
    await ended('failed and cancelled', 401)
    await begun['failed and cancelled']!.revoke()
    const cancelled = await begin('cancelled')
    await cancelled.revoke()
    await ended('owed', 500)
    for (const name of ['expired', 'failed and expired']) await wire.settled(begun[name]!.id, 'suppressed', 'failed')
  }

  const newestFirst = [
    'owed',
    'cancelled',
    'failed and cancelled',
    'failed and redeemed',
    'failed',
    'delivered',
    'waiting',
    'failed and expired',
    'expired',
  ]

  test.each<[NotificationQuery | undefined, string[]]>([
    [undefined, newestFirst],
    [{}, newestFirst],
    [{ status: 'waiting' }, ['waiting']],
    [{ status: 'owed' }, ['owed']],
    [{ status: 'delivered' }, ['delivered']],
    [{ status: 'failed' }, newestFirst.filter((name) => name.startsWith('failed'))],
    [{ status: 'suppressed' }, ['cancelled', 'expired']],
    [{ limit: 2 }, ['owed', 'cancelled']],
  ])('list %j: newest first, and only those there are', async (query, expected) => {
    expect(namesOf(await list(query))).toEqual(expected)
  })

  test('list: what was sent, to whom, and what became of it', async () => {
    const { notifications } = await list({ status: 'failed' })
    expect(notifications.find(({ id }) => id === begun.failed!.id)).toEqual({
      id: begun.failed!.id,
      profile: 'oauth',
      clientId: 'secret',
      status: 'failed',
      attempts: 1,
      attemptedAt: expect.any(Date),
      answer: 401,
      reason: 'the endpoint answered 401',
    })
  })

  test.each([1, 2, 4, 8])('list: pages of %d by cursor are everything once', async (limit) => {
    const seen: unknown[] = []
    let cursor: string | undefined
    do {
      const page = await list({ limit, ...(cursor !== undefined && { cursor }) })
      seen.push(...namesOf(page))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual(newestFirst)
  })

  test('list: a cursor goes on with the same filter', async () => {
    const { cursor } = await list({ status: 'failed', limit: 1 })
    expect(namesOf(await list({ status: 'failed', cursor: cursor! }))).toEqual(
      newestFirst.slice(3, 5).concat(newestFirst[7]!),
    )
  })

  test.each<[string, unknown]>([
    ['an unknown member', { clientId: 'secret' }],
    ['an unknown status', { status: 'sent' }],
    ['any', { status: 'any' }],
    ['a status of deferrals', { status: 'approved' }],
    ['a query operator', { status: { $ne: 'failed' } }],
    ['limit 0', { limit: 0 }],
    ['limit 101', { limit: 101 }],
    ['a limit of text', { limit: '20' }],
    ['a cursor of somebody else', { cursor: 'cursor' }],
    ['a cursor that is no text', { cursor: 1 }],
    ['null', null],
    ['an array', []],
    ['a status alone', 'failed'],
  ])('list: %s is a TypeError', async (_case, query) => {
    await expect(list(query as NotificationQuery)).rejects.toThrow(TypeError)
  })

  test.each(newestFirst.filter((name) => name !== 'failed' && name !== 'owed'))(
    'replay of one that is %s changes nothing',
    async (name) => {
      const { id } = begun[name]!
      const [before, heard] = [await wire.kept(id), wire.heard(id).length]
      const { changed, deferral } = await wire.op.provider.deferrals.notifications.replay(id)
      expect([changed, deferral.id]).toEqual([false, id])
      expect(await wire.kept(id)).toEqual(before)
      expect(wire.heard(id).length).toBe(heard)
    },
  )

  test('replay of one without an endpoint changes nothing', async () => {
    const { changed, deferral } = await wire.op.provider.deferrals.notifications.replay(begun['without endpoint']!.id)
    expect(changed).toBe(false)
    expect(deferral).not.toHaveProperty('notification')
  })

  test('replay of an unknown id is ERR_DEFERRAL_NOT_FOUND, of anything but an id a TypeError', async () => {
    const { notifications } = wire.op.provider.deferrals
    for (const id of ['unknown', '', 'A'.repeat(22)])
      await expect(notifications.replay(id)).rejects.toMatchObject({ code: 'ERR_DEFERRAL_NOT_FOUND' })
    for (const id of [undefined, null, 1, { $ne: '' }, ['a']])
      await expect(notifications.replay(id as never)).rejects.toThrow(TypeError)
  })
}

const withoutEndpointOf =
  (clientId: string) =>
  ({ deferred_client_notification_endpoint: endpoint, ...client }: ReturnType<typeof endpoints>[number]) => ({
    ...client,
    ...(client.client_id !== clientId && { deferred_client_notification_endpoint: endpoint }),
  })

describe('in memory', () => {
  contract(memoryStore)

  test('list: 20 unless told', async () => {
    const wire = await startWire()
    await Promise.all(Array.from({ length: 21 }, () => wire.begin('oauth')))
    const { notifications, cursor } = await wire.op.provider.deferrals.notifications.list()
    const rest = await wire.op.provider.deferrals.notifications.list({ cursor: cursor! })
    expect([notifications.length, rest.notifications.length, rest.cursor]).toEqual([20, 1, undefined])
    await wire.close()
  })
})

describeMongo('on MongoDB', () => {
  contract(useMongoStore())
})
