import assert from 'node:assert/strict'
import { newId } from '../deferral/handle.js'
import { listedStatuses, positionOf } from '../deferral/listing.js'
import { type NotificationStatus, notificationStatuses } from '../deferral/notification.js'
import type { Stored } from '../deferral/store.js'
import { assertSame, at, changeOf, type Fixture, start, type Tests } from './fixture.js'
import { expectOf, idsOf, sorted } from './listed.js'

/** The contract of `list`, `count` and `due`. */
export const listingTests: Tests = {
  async 'list comes newest first, page by page, each record once, also if records have the same time'(fixture) {
    const { nodes, issuer, insert } = fixture
    const records: Stored[] = []
    for (const second of [0, 1, 1, 1, 1, 1, 2]) records.push(await insert({}, at(second)))
    for (const limit of [1, 2, 3, 7]) {
      const read: Stored[] = []
      for (let page: Stored[] | undefined; page?.length !== 0; read.push(...page)) {
        const last = read.at(-1)
        page = await nodes[1]!.list({ issuer, limit, ...(last && { after: positionOf(last, 'newest') }) }, at(9))
        assert(page.length <= limit, 'at most `limit` records')
      }
      assertSame(sorted(idsOf(read)), sorted(idsOf(records)), `every record once, ${limit} at a time`)
      const times = read.map(({ createdAt }) => createdAt.getTime())
      assertSame(
        times,
        [...times].sort((a, b) => b - a),
        'newest first',
      )
      for (const { readAt } of read) assertSame(readAt, at(9), 'readAt')
    }
  },

  async 'list and count filter by status, and compute expired from the clock'(fixture) {
    const ids = await oneOfEachStatus(fixture)
    await expectOf(fixture, { status: ['pending'] }, at(3), [ids.pending])
    await expectOf(fixture, { status: ['approved'] }, at(3), [ids.approved])
    await expectOf(fixture, { status: ['denied'] }, at(3), [ids.denied])
    await expectOf(fixture, { status: ['cancelled'] }, at(3), [ids.cancelled])
    await expectOf(fixture, { status: ['redeemed'] }, at(3), [ids.redeemed])
    await expectOf(fixture, { status: ['expired'] }, at(59.999), [])
    for (const status of ['pending', 'approved'] as const) await expectOf(fixture, { status: [status] }, at(60), [])
    await expectOf(fixture, { status: ['expired'] }, at(60), [ids.pending, ids.approved])
    for (const status of ['denied', 'cancelled', 'redeemed'] as const)
      await expectOf(fixture, { status: [status] }, at(60), [ids[status]])
    await expectOf(fixture, { status: ['expired', 'denied'] }, at(60), [ids.pending, ids.approved, ids.denied])
    await expectOf(fixture, {}, at(60), Object.values(ids))
    // by the clock of the store all have expired: the test's times are long past
    await expectOf(fixture, { status: ['expired'] }, undefined, [ids.pending, ids.approved])
  },

  async 'list and count leave out a direct deferral before its first poll, unless they ask for unclaimed ones'(
    fixture,
  ) {
    const members = { direct: 'unclaimed', queue: 'q', accountId: 'x', title: 'unclaimed' }
    const unclaimed = await fixture.insert(members)
    const ended = await fixture.insert(members)
    const cancelled = { status: 'cancelled', cancelledAt: at(1) }
    await fixture.nodes[0]?.swap(ended, changeOf(ended, cancelled), newId(), at(1))
    const claimed = await fixture.insert({ ...members, direct: 'claimed' })
    const wide = { status: ['pending', 'cancelled'] as ('pending' | 'cancelled')[] }
    for (const filter of [{}, wide, { queue: 'q' }, { accountId: 'x' }, { grantId: 'grant' }])
      await expectOf(fixture, filter, at(3), [claimed.id])
    await expectOf(fixture, { status: ['pending'], text: 'uncl' }, at(3), [claimed.id])
    await expectOf(fixture, { status: ['unclaimed'], accountId: 'x' }, at(3), [unclaimed.id])
    await expectOf(fixture, { status: ['pending', 'unclaimed'] }, at(3), [unclaimed.id, claimed.id])
    await expectOf(fixture, { status: ['unclaimed'] }, at(60), [])
    await expectOf(fixture, { status: ['unlisted'] }, at(3), [ended.id])
    await expectOf(fixture, { status: ['unlisted'], accountId: 'x' }, at(60), [unclaimed.id, ended.id])
    const every = [...listedStatuses, 'unclaimed', 'unlisted'] as const
    for (const filter of [{}, { accountId: 'x' }, { grantId: 'grant' }])
      await expectOf(fixture, { ...filter, status: [...every] }, at(3), [unclaimed.id, ended.id, claimed.id])
    await expectOf(fixture, { status: ['expired'] }, at(60), [claimed.id])
    const rows = (await fixture.nodes[1]?.stats({ issuer: fixture.issuer }, at(3))) ?? []
    assertSame(
      rows.map(({ queue, pending }) => [queue, pending]),
      [['q', 1]],
      'stats',
    )
  },

  async 'list and count filter by client, by account, and by both with a status'(fixture) {
    const [a, b] = [await fixture.insert({ clientId: '$a' }), await fixture.insert({ clientId: 'b', accountId: 'x' })]
    await expectOf(fixture, { clientId: '$a' }, at(3), [a.id])
    await expectOf(fixture, { accountId: 'x' }, at(3), [b.id])
    await expectOf(fixture, { clientId: 'b', accountId: 'x', status: ['pending'] }, at(3), [b.id])
    for (const none of [
      { clientId: '$a', accountId: 'x' },
      { clientId: 'b', status: ['denied' as const] },
      { clientId: '' },
    ])
      await expectOf(fixture, none, at(3), [])
  },

  async 'list and count filter by the status of the notification'(fixture) {
    const ids: Partial<Record<NotificationStatus, string>> = {}
    for (const status of notificationStatuses) ids[status] = (await fixture.insert(notified(status))).id
    const none = await fixture.insert({ notification: undefined })
    for (const notification of notificationStatuses)
      await expectOf(fixture, { notification }, at(3), [ids[notification] as string])
    await expectOf(fixture, { notification: 'any' }, at(3), Object.values(ids))
    await expectOf(fixture, { notification: 'owed', clientId: 'client', status: ['pending'] }, at(3), [
      ids.owed as string,
    ])
    await expectOf(fixture, {}, at(3), [...Object.values(ids), none.id])
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

  async 'due comes earliest first, not before its time, page by page, each record once'(fixture) {
    const { nodes, issuer, insert } = fixture
    const due = async (seconds: number) => idsOf(await nodes[1]?.due({ issuer, limit: 100 }, at(seconds)))
    const [third, first, second] = [await waking(300), await waking(100), await waking(200)]
    await insert({ wakeAt: undefined })
    assertSame(await due(99.999), [], 'a millisecond before')
    assertSame(await due(100), [first], 'at the instant')
    assertSame(await due(1000), [first, second, third], 'all of them')
    const tied = await Promise.all([200, 200, 200].map(waking))
    const read: Stored[] = []
    for (let page: Stored[] | undefined; page?.length !== 0; read.push(...page)) {
      const last = read.at(-1)
      const after = last?.wakeAt && { wakeAt: last.wakeAt, id: last.id }
      page = await nodes[1]!.due({ issuer, limit: 2, after }, at(1000))
      assert(page.length <= 2, 'at most `limit` records')
    }
    assertSame(sorted(idsOf(read)), sorted([first, second, third, ...tied]), 'every record once')
    assertSame([read[0]?.id, read.at(-1)?.id], [first, third], 'earliest first')
    assertSame(sorted(idsOf(await nodes[1]?.due({ issuer, limit: 9 }))), sorted(idsOf(read)), 'by its own clock')

    async function waking(seconds: number): Promise<string> {
      return (await insert({ wakeAt: at(seconds) })).id
    }
  },

  async 'due returns the whole record, with the time of the read'(fixture) {
    const { id, wakeAt } = await fixture.insert()
    const [record] = await fixture.nodes[1]!.due({ issuer: fixture.issuer, limit: 1 }, at(60))
    assertSame(record, { ...(await fixture.find(id)), readAt: at(60) }, 'the record that find reads')
    assertSame(wakeAt, at(60), 'a pending deferral is due at its expiry')
  },

  async 'list, count and due return nothing of another issuer, even if its name begins alike'(fixture) {
    const { nodes, issuer, insert } = fixture
    const strangers = ['', `${issuer}/`, issuer.slice(0, -1), issuer.toUpperCase()]
    for (const stranger of strangers) await insert({ issuer: stranger, clientId: issuer, accountId: issuer })
    const own = await insert({ clientId: issuer, accountId: issuer })
    for (const filter of [{}, { clientId: issuer }, { accountId: issuer }, { status: ['pending' as const] }])
      await expectOf(fixture, filter, at(3), [own.id])
    for (const notification of ['any', 'waiting'] as const) await expectOf(fixture, { notification }, at(3), [own.id])
    await expectOf(fixture, { status: ['expired'] }, at(60), [own.id])
    assertSame(idsOf(await nodes[1]?.due({ issuer, limit: 100 }, at(60))), [own.id], 'due')
    const after = { wakeAt: start, id: '' }
    assertSame(idsOf(await nodes[1]?.due({ issuer, limit: 100, after }, at(60))), [own.id], 'the next page of due')
  },
}

async function oneOfEachStatus({ insert }: Fixture) {
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
