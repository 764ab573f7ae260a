import type { Document } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { beforeAll, describe, expect, test } from 'vitest'
import { listedStatuses } from '../../../lib/deferral/listing.js'
import type { DeferralFilter, ListedStatus, QueueStats } from '../../../lib/deferral/queries.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { documentOf } from '../../support/many_deferrals.js'
import { issuer } from '../../support/records.js'
import { explained } from './explained.js'

type Case = [filter: Omit<DeferralFilter, 'issuer'>, count: number, indexes: string[]]

const perStatus = 600
const unswept = 6
const pending: ListedStatus[] = ['pending']

/** What is counted in the keys of an index, without a document. */
const covered: Case[] = [
  [{}, 6 * perStatus, ['by_phase']],
  [{ status: pending }, perStatus - unswept, ['by_expiry']],
  [{ status: ['approved'] }, perStatus - unswept, ['by_expiry']],
  [{ status: ['pending', 'approved'] }, 2 * (perStatus - unswept), ['by_expiry']],
  ...(['denied', 'cancelled', 'redeemed'] as const).map(
    (status): Case => [{ status: [status] }, perStatus, ['by_phase']],
  ),
  [{ status: pending, queue: 'mine' }, 60 - unswept, ['by_queue_due']],
  [{ status: ['redeemed'], queue: 'mine' }, 60, ['by_queue']],
  [{ status: ['redeemed'], clientId: 'mine' }, 60, ['by_client']],
  [{ status: ['redeemed'], accountId: 'mine' }, 60, ['by_account']],
  [{ clientId: 'mine' }, 360, ['by_client']],
]

/** What is counted in documents. */
const read: Case[] = [
  [{ status: pending, clientId: 'mine' }, 60 - unswept, ['by_client']],
  [{ status: pending, accountId: 'mine' }, 60 - unswept, ['by_account']],
  [{ status: pending, overdue: true }, 300 - unswept, ['by_due']],
]

const byName = (a: QueueStats, b: QueueStats) => (a.queue ?? '').localeCompare(b.queue ?? '')
const named = (cases: Case[]) => cases.map((each) => [`${JSON.stringify(each[0])} by ${each[2]}`, each] as const)

describeMongo('the counts of mongoStore', () => {
  const database = useDatabase({ monitorCommands: true })
  const store = () => mongoStore(database.db, { migrate: false })

  beforeAll(async () => {
    await mongoStore(database.db).migrate()
    const documents = Array.from({ length: 6 * perStatus }, (_, nth) => one(nth))
    await database.db.collection<Document & { _id: string }>('deferrals').insertMany(documents)
  })

  async function plansOf([filter, count, indexes]: Case) {
    const plans = await explained(database.db, async () => {
      expect(await store().count({ ...filter, issuer, limit: 10_000 })).toBe(count)
    })
    expect(plans.flatMap(({ stages }) => stages.filter((name) => name.startsWith('by_')))).toEqual(indexes)
    return plans
  }

  describe('read an index, and no document', () => {
    test.each(named(covered))('%s', async (_name, each) => {
      const [plan, ...others] = await plansOf(each)
      expect(others).toEqual([])
      expect(plan).toMatchObject({ documents: 0 })
      expect(plan?.keys).toBeLessThanOrEqual(each[1] + 2 * unswept + 20)
    })
  })

  describe('read what they count', () => {
    test.each(named(read))('%s', async (_name, each) => {
      const [plan] = await plansOf(each)
      expect(plan?.documents).toBeLessThanOrEqual(each[1] + unswept)
    })
  })

  test('of expired ones are of those that a sweep has found, and of those that none has', async () => {
    const plans = await plansOf([{ status: ['expired'] }, perStatus + 2 * unswept, ['by_phase', 'by_expiry']])
    expect(plans.map(({ documents }) => documents)).toEqual([0, 2 * unswept])
    expect(plans[1]?.keys).toBeLessThanOrEqual(2 * unswept + 2)
  })

  test('read no more than their limit', async () => {
    const [plan] = await explained(database.db, async () => {
      expect(await store().count({ issuer, status: pending, clientId: 'mine', limit: 5 })).toBe(5)
    })
    expect(plan?.documents).toBeLessThan(5 + unswept + 5)
    const [cheap] = await explained(database.db, async () => {
      expect(await store().count({ issuer, status: ['redeemed'], limit: 5 })).toBe(5)
    })
    expect(cheap?.keys).toBeLessThan(10)
    expect(await store().count({ issuer, status: ['expired', 'denied'], limit: 700 })).toBe(700)
  })

  test('and the sums of pending ones read each key once, no document, and sort nothing', async () => {
    const plans = await explained(database.db, async () => {
      const rows = await store().stats({ issuer })
      expect(rows.reduce((sum, row) => sum + row.pending, 0)).toBe(perStatus - unswept)
    })
    const [first, ...sums] = plans
    expect(first).toMatchObject({ keys: 1, documents: 0 })
    expect(sums).toHaveLength(2)
    for (const { documents, stages } of sums) {
      expect(documents).toBe(0)
      expect(stages).toEqual(expect.arrayContaining(['IXSCAN', 'by_queue_due']))
      expect(stages.filter((stage) => stage === 'FETCH' || stage === 'SORT')).toEqual([])
    }
    // each of both reads also examines a key to get past each queue, and past each expired deferral
    const keys = sums.reduce((sum, plan) => sum + plan.keys, 0)
    expect(keys).toBeLessThanOrEqual(perStatus + 2 * (10 + unswept) + 2)
  })

  test('the sums of each queue are those of its documents', async () => {
    const now = new Date()
    const unnoticed = { issuer, status: 'pending', expiredAt: { $exists: false } }
    const all = await database.db.collection('deferrals').find(unnoticed).toArray()
    const names = new Set(all.map(({ queue }) => queue as string | undefined))
    expect(names.has(undefined)).toBe(true)
    const expected = [...names].map((queue) => {
      const own = all.filter((each) => each.queue === queue && each.expiresAt > now)
      const oldest = Math.min(...own.map(({ createdAt }) => createdAt.getTime()))
      const overdue = own.filter(({ dueAt }) => dueAt <= now).length
      return { ...(queue && { queue }), pending: own.length, overdue, oldestPendingAt: new Date(oldest) }
    })
    for (const at of [now, undefined]) {
      const rows = await store().stats({ issuer }, at)
      expect(rows.sort(byName)).toStrictEqual(expected.sort(byName))
    }
  })
})

/** The nth deferral: a tenth is `mine`, and every hundredth of the pending and approved ones has expired, and no sweep was there. */
function one(nth: number): Document & { _id: string } {
  const status = listedStatuses[nth % 6] as ListedStatus
  const round = Math.floor(nth / 6)
  const own = round % 10 === 0
  const other = (name: string) => (own ? 'mine' : `${name} ${round % 8}`)
  return documentOf({
    issuer,
    status,
    createdAt: new Date(Date.now() - 3_600_000 - nth),
    request: {
      clientId: other('client'),
      accountId: other('account'),
      ...(round % 10 !== 1 && { queue: other('queue') }),
      expiresIn: round % 100 === 0 ? 60 : 500_000,
      ...(round % 2 === 0 && { dueIn: 60 }),
    },
  })
}
