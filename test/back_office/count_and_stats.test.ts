import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { beforeAll, describe, expect, test } from 'vitest'
import { at } from '../../lib/testing/fixture.js'
import { describeMongo, useMongoStore } from '../support/database.js'
import { countingCalls, deferralsOf, membersOf, type Office, officeOn } from '../support/office.js'

const none = { pending: 0, approved: 0, denied: 0, cancelled: 0, redeemed: 0, expired: 0 }

/** Counts and sums of one issuer on a store that others use, too. */
function sumsUp(storeOf: () => DeferralStore): void {
  let office: Office

  beforeAll(async () => {
    office = await officeOn(storeOf())
    const stranger = await officeOn(office.store)
    await stranger.insert({ queue: 'kyc', expiresIn: 500 })
    const pending = { expiresIn: 500 }
    await office.insert({ ...pending, queue: 'kyc', dueAt: at(50) }, at(10))
    await office.insert({ ...pending, queue: 'kyc', dueAt: at(500) }, at(5))
    await office.insert({ ...pending, queue: 'kyc' }, at(7))
    await office.insert({ ...pending, queue: '__proto__', dueAt: at(1) }, at(20))
    await office.insert({ ...pending, queue: 'constructor' }, at(30))
    await office.insert({ ...pending, dueAt: at(1) }, at(3))
    await office.insert({ ...pending }, at(40))
    await office.insert({ queue: 'kyc', dueAt: at(1), expiresIn: 10 }, at(0))
    for (const status of ['approved', 'denied', 'cancelled', 'redeemed']) {
      await office.insert({ ...membersOf(status), queue: 'kyc', dueAt: at(1), expiresIn: 500 }, at(1))
    }
  })

  test('stats: totals, and each queue by its name', async () => {
    const { byQueue, ...totals } = await office.deferrals.stats()
    expect(totals).toStrictEqual({ pending: 7, overdue: 3, oldestPendingAt: at(3) })
    expect(Object.entries(byQueue).sort()).toStrictEqual([
      ['__proto__', { pending: 1, overdue: 1, oldestPendingAt: at(20) }],
      ['constructor', { pending: 1, overdue: 0, oldestPendingAt: at(30) }],
      ['kyc', { pending: 3, overdue: 1, oldestPendingAt: at(5) }],
    ])
    expect(byQueue.toString).toBeUndefined()
    expect(byQueue.nobody).toBeUndefined()
    expect(JSON.parse(JSON.stringify(byQueue))).toHaveProperty('kyc.pending', 3)
  })

  test('stats of nothing', async () => {
    const { deferrals, insert } = await officeOn(office.store)
    const nothing = { pending: 0, overdue: 0, byQueue: {} }
    expect(await deferrals.stats()).toEqual(nothing)
    await insert({ queue: 'kyc', expiresIn: 10 })
    expect(await deferrals.stats()).toEqual(nothing)
  })

  test('count: every status has a number', async () => {
    const all = { pending: 7, approved: 1, denied: 1, cancelled: 1, redeemed: 1, expired: 1 }
    expect(await office.deferrals.count()).toStrictEqual(all)
    expect(await office.deferrals.count({ queue: 'kyc' })).toStrictEqual({ ...all, pending: 3 })
    expect(await office.deferrals.count({ queue: 'nobody' })).toStrictEqual(none)
    expect(await office.deferrals.count({ overdue: true })).toStrictEqual({ ...none, pending: 3 })
    expect(await office.deferrals.count({ status: 'expired' })).toStrictEqual({ ...none, expired: 1 })
  })

  test('a status that the filter leaves out costs no call of the store, and stats is one', async () => {
    const { store, calls } = countingCalls(office.store)
    const deferrals = deferralsOf(store, office.issuer, () => at(100))
    await deferrals.count({ assignee: null })
    expect(calls).toEqual({ count: 1 })
    await deferrals.count({ status: ['denied', 'expired', 'denied'] })
    expect(calls).toEqual({ count: 3 })
    await deferrals.count()
    expect(calls).toEqual({ count: 9 })
    await deferrals.stats()
    expect(calls).toEqual({ count: 9, stats: 1 })
  })
}

describe('in memory', () => {
  const store = memoryStore()
  sumsUp(() => store)

  test('count stops at 10,000, and says that there are more', async () => {
    const { deferrals, insert } = await officeOn(memoryStore())
    await insert(membersOf('denied'))
    const another = () => insert({ context: undefined, source: {}, expiresIn: 500 })
    for (let nth = 0; nth < 9_999; nth++) await another()
    expect(await deferrals.count()).toStrictEqual({ ...none, denied: 1, pending: 9_999 })
    await another()
    expect(await deferrals.count()).toStrictEqual({ ...none, denied: 1, pending: 10_000 })
    await another()
    expect(await deferrals.count()).toStrictEqual({ ...none, denied: 1, pending: 10_000, more: true })
    expect(await deferrals.count({ status: 'denied' })).toStrictEqual({ ...none, denied: 1 })
  })
})

describeMongo('on MongoDB', () => sumsUp(useMongoStore()))
