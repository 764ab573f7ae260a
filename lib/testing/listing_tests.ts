import assert from 'node:assert/strict'
import { type NotificationStatus, notificationStatuses } from '../deferral/notification.js'
import type { DeferralFilter, DeferralStore, Stored } from '../deferral/store.js'
import { assertSame, at, type Ground, start, type Tests } from './ground.js'

const idsOf = (records: readonly { id: string }[] | undefined) => (records ?? []).map(({ id }) => id)
const sorted = (ids: string[]) => [...ids].sort()

/** What `list`, `count` and `due` promise. */
export const listingTests: Tests = {
  async 'list comes newest first and page by page, each record once, those of one instant too'(ground) {
    const { nodes, issuer, insert } = ground
    const made: Stored[] = []
    for (const second of [0, 1, 1, 1, 1, 1, 2]) made.push(await insert({}, at(second)))
    for (const limit of [1, 2, 3, 7]) {
      const seen: Stored[] = []
      for (let page: Stored[] | undefined; page?.length !== 0; seen.push(...page)) {
        const after = seen.at(-1)
        page = await nodes[1]!.list({ issuer, limit, ...(after && { after }) }, at(9))
        assert(page.length <= limit, 'no more than asked for')
      }
      assertSame(sorted(idsOf(seen)), sorted(idsOf(made)), `every record once, ${limit} at a time`)
      const times = seen.map(({ createdAt }) => createdAt.getTime())
      assertSame(
        times,
        [...times].sort((a, b) => b - a),
        'newest first',
      )
      for (const { readAt } of seen) assertSame(readAt, at(9), 'readAt')
    }
  },

  async 'list and count go by status, and expired is computed from the clock'(ground) {
    const ids = await oneOfEachStatus(ground)
    await expectOf(ground, { status: 'pending' }, at(3), [ids.pending])
    await expectOf(ground, { status: 'approved' }, at(3), [ids.approved])
    await expectOf(ground, { status: 'denied' }, at(3), [ids.denied])
    await expectOf(ground, { status: 'cancelled' }, at(3), [ids.cancelled])
    await expectOf(ground, { status: 'redeemed' }, at(3), [ids.redeemed])
    await expectOf(ground, { status: 'expired' }, at(59.999), [])
    for (const status of ['pending', 'approved'] as const) await expectOf(ground, { status }, at(60), [])
    const { redeemed, ...unredeemed } = ids
    await expectOf(ground, { status: 'expired' }, at(60), Object.values(unredeemed))
    await expectOf(ground, { status: 'redeemed' }, at(60), [redeemed])
    await expectOf(ground, {}, at(60), Object.values(ids))
    // all of them by the clock of the store: the test's times are long past
    await expectOf(ground, { status: 'expired' }, undefined, Object.values(unredeemed))
  },

  async 'list and count go by client, by account, and by both with a status'(ground) {
    const [a, b] = [await ground.insert({ clientId: '$a' }), await ground.insert({ clientId: 'b', accountId: 'x' })]
    await expectOf(ground, { clientId: '$a' }, at(3), [a.id])
    await expectOf(ground, { accountId: 'x' }, at(3), [b.id])
    await expectOf(ground, { clientId: 'b', accountId: 'x', status: 'pending' }, at(3), [b.id])
    for (const none of [
      { clientId: '$a', accountId: 'x' },
      { clientId: 'b', status: 'denied' } as const,
      { clientId: '' },
    ])
      await expectOf(ground, none, at(3), [])
  },

  async 'list and count go by the status of the notification'(ground) {
    const made: Partial<Record<NotificationStatus, string>> = {}
    for (const status of notificationStatuses) made[status] = (await ground.insert(notified(status))).id
    const none = await ground.insert({ notification: undefined })
    for (const notification of notificationStatuses)
      await expectOf(ground, { notification }, at(3), [made[notification] as string])
    await expectOf(ground, { notification: 'any' }, at(3), Object.values(made))
    await expectOf(ground, { notification: 'owed', clientId: 'client', status: 'pending' }, at(3), [
      made.owed as string,
    ])
    await expectOf(ground, {}, at(3), [...Object.values(made), none.id])
  },

  async 'count stops at its limit'({ nodes, issuer, insert }) {
    for (let nth = 0; nth < 4; nth++) await insert()
    for (const [limit, expected] of [
      [1, 1],
      [3, 3],
      [4, 4],
      [100, 4],
    ] as const)
      assert.equal(await nodes[1]?.count({ issuer, limit }, at(3)), expected, `limit ${limit}`)
  },

  async 'due comes earliest first, at the instant and not before, page by page and each record once'(ground) {
    const { nodes, issuer, insert } = ground
    const due = async (seconds: number) => idsOf(await nodes[1]?.due({ issuer, limit: 100 }, at(seconds)))
    const [third, first, second] = [await waking(300), await waking(100), await waking(200)]
    await insert({ wakeAt: undefined })
    assertSame(await due(99.999), [], 'a millisecond before')
    assertSame(await due(100), [first], 'at the instant')
    assertSame(await due(1000), [first, second, third], 'all of them')
    const tied = await Promise.all([200, 200, 200].map(waking))
    const seen: Stored[] = []
    for (let page: Stored[] | undefined; page?.length !== 0; seen.push(...page)) {
      const last = seen.at(-1)
      const after = last?.wakeAt && { wakeAt: last.wakeAt, id: last.id }
      page = await nodes[1]!.due({ issuer, limit: 2, after }, at(1000))
      assert(page.length <= 2, 'no more than asked for')
    }
    assertSame(sorted(idsOf(seen)), sorted([first, second, third, ...tied]), 'every record once')
    assertSame([seen[0]?.id, seen.at(-1)?.id], [first, third], 'earliest first')
    assertSame(sorted(idsOf(await nodes[1]?.due({ issuer, limit: 9 }))), sorted(idsOf(seen)), 'by its own clock')

    async function waking(seconds: number): Promise<string> {
      return (await insert({ wakeAt: at(seconds) })).id
    }
  },

  async 'due tells what has to be done: the whole record, and the instant by the clock of the store'(ground) {
    const { id, wakeAt } = await ground.insert()
    const [seen] = await ground.nodes[1]!.due({ issuer: ground.issuer, limit: 1 }, at(60))
    assertSame(seen, { ...(await ground.find(id)), readAt: at(60) }, 'what find would read')
    assertSame(wakeAt, at(60), 'what is pending wakes at its expiry')
  },

  async 'list, count and due have nothing of another issuer, nor of one whose name begins alike'(ground) {
    const { nodes, issuer, insert } = ground
    const strangers = ['', `${issuer}/`, issuer.slice(0, -1), issuer.toUpperCase()]
    for (const stranger of strangers) await insert({ issuer: stranger, clientId: issuer, accountId: issuer })
    const mine = await insert({ clientId: issuer, accountId: issuer })
    for (const filter of [{}, { clientId: issuer }, { accountId: issuer }, { status: 'pending' } as const])
      await expectOf(ground, filter, at(3), [mine.id])
    for (const notification of ['any', 'waiting'] as const) await expectOf(ground, { notification }, at(3), [mine.id])
    await expectOf(ground, { status: 'expired' }, at(60), [mine.id])
    assertSame(idsOf(await nodes[1]?.due({ issuer, limit: 100 }, at(60))), [mine.id], 'due')
    const after = { wakeAt: start, id: '' }
    assertSame(idsOf(await nodes[1]?.due({ issuer, limit: 100, after }, at(60))), [mine.id], 'the next page of due')
  },
}

async function expectOf(
  { nodes, issuer }: Ground,
  filter: Partial<DeferralFilter>,
  now: Date | undefined,
  ids: string[],
) {
  const reader = nodes[1] as DeferralStore
  const query = { ...filter, issuer, limit: 100 }
  assertSame(sorted(idsOf(await reader.list(query, now))), sorted(ids), `list ${JSON.stringify(filter)}`)
  assert.equal(await reader.count(query, now), ids.length, `count ${JSON.stringify(filter)}`)
}

async function oneOfEachStatus({ insert }: Ground) {
  const decided = { decision: { by: 'reviewer' }, decidedAt: at(1) }
  return {
    pending: (await insert()).id,
    approved: (await insert({ status: 'approved', ...decided })).id,
    denied: (await insert({ status: 'denied', ...decided })).id,
    cancelled: (await insert({ status: 'cancelled', cancelledAt: at(1) })).id,
    redeemed: (await insert({ status: 'redeemed', ...decided, redeemedAt: at(2) })).id,
  }
}

function notified(status: NotificationStatus) {
  return { notification: { status, notBefore: at(15), attempts: 0, fence: 0 } }
}
