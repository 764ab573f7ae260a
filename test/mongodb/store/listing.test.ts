import type { Document } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { beforeAll, describe, expect, test } from 'vitest'
import { listedStatuses, positionOf } from '../../../lib/deferral/listing.js'
import { notificationStatuses } from '../../../lib/deferral/notification.js'
import type { DeferralFilter, ListedStatus, ListOrder, Stored } from '../../../lib/deferral/store.js'
import { newDeferral } from '../../store/new_deferral.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { documentOf } from '../../support/many_deferrals.js'
import { issuer, verbsOn } from '../../support/records.js'
import { explained } from './explained.js'

type Case = [filter: Omit<DeferralFilter, 'issuer'>, order: ListOrder, index: string]

const limit = 20
const start = Date.now() - 86_400_000
const minutesLater = (minutes: number) => new Date(start + minutes * 60_000)
const createdAfter = minutesLater(300)
const createdBefore = minutesLater(900)
const pending: ListedStatus[] = ['pending']
const mine = { queue: 'mine', clientId: 'mine', accountId: 'mine' }

const inBothOrders = (filter: Omit<DeferralFilter, 'issuer'>, index: string): Case[] => [
  [filter, 'newest', index],
  [filter, 'oldest', index],
]

/** Each documented combination, and the index that serves it. */
const served: Case[] = [
  ...inBothOrders({}, 'by_phase'),
  ...inBothOrders({ createdAfter, createdBefore }, 'by_phase'),
  ...inBothOrders({ status: ['pending', 'approved'] }, 'by_phase'),
  ...inBothOrders({ status: ['denied', 'cancelled', 'redeemed'] }, 'by_phase'),
  ...inBothOrders({ status: ['expired', 'approved', 'pending'], createdAfter }, 'by_phase'),
  ...(['queue', 'clientId', 'accountId'] as const).flatMap((name) => {
    const [filter, index] = [{ [name]: 'mine' }, { queue: 'by_queue', clientId: 'by_client', accountId: 'by_account' }]
    const alone = inBothOrders(filter, index[name])
    const each = listedStatuses.flatMap((status) => inBothOrders({ ...filter, status: [status] }, index[name]))
    return [...alone, ...each.filter(([{ status }]) => status?.[0] !== 'expired')]
  }),
  ...listedStatuses
    .filter((status) => status !== 'expired')
    .flatMap((status) => inBothOrders({ status: [status] }, 'by_phase')),
  ...inBothOrders({ status: pending, assignee: 'mine' }, 'by_assignee'),
  ...([...notificationStatuses, 'any'] as const).flatMap((each) =>
    inBothOrders({ notification: each }, 'by_notification'),
  ),
  ...inBothOrders({ grantId: 'mine' }, 'by_grant'),
  [{ status: pending }, 'due', 'by_due'],
  [{ status: pending, overdue: true }, 'due', 'by_due'],
  [{ status: pending, queue: 'mine' }, 'due', 'by_queue_due'],
  [{ status: pending, queue: 'mine', overdue: true }, 'due', 'by_queue_due'],
  [{ status: pending }, 'expiring', 'by_expiry'],
  [{ status: ['approved'] }, 'expiring', 'by_expiry'],
  [{ status: ['pending', 'approved'] }, 'expiring', 'by_expiry'],
  [{ status: pending, expiresBefore: minutesLater(20_000) }, 'expiring', 'by_expiry'],
]

/** These read the open deferrals of their index: the pending ones, and with some orders and statuses the approved ones. */
const scanned: Case[] = [
  [{ status: ['expired'] }, 'newest', 'by_phase'],
  [{ status: ['expired'], ...mine }, 'newest', 'by_account'],
  [{ status: pending, text: 'Rare' }, 'newest', 'by_phase'],
  [{ status: pending, text: 'Rare' }, 'due', 'by_due'],
  [{ status: pending, assignee: null }, 'oldest', 'by_phase'],
  [{ status: pending, assignee: 'mine' }, 'due', 'by_due'],
  [{ status: pending, grantType: 'rare' }, 'newest', 'by_phase'],
  [{ status: pending, profile: 'openid' }, 'due', 'by_due'],
  [{ status: pending, overdue: true }, 'newest', 'by_phase'],
  [{ status: pending, expiresBefore: minutesLater(20_000) }, 'newest', 'by_phase'],
  [{ status: pending, createdAfter }, 'due', 'by_due'],
  [{ status: pending, queue: 'mine' }, 'expiring', 'by_expiry'],
  [{ status: pending, clientId: 'mine' }, 'due', 'by_due'],
  [{ status: pending, accountId: 'mine' }, 'expiring', 'by_expiry'],
  [{ status: pending, queue: 'mine', clientId: 'mine' }, 'newest', 'by_client'],
]

const named = (cases: Case[]) =>
  cases.map((each) => [`${JSON.stringify(each[0])} ${each[1]} by ${each[2]}`, each] as const)

describeMongo('the listings of mongoStore', () => {
  const database = useDatabase({ monitorCommands: true })
  const store = () => mongoStore(database.db, { migrate: false })
  const open = { pending: 0, approved: 0 }

  beforeAll(async () => {
    await mongoStore(database.db).migrate()
    const documents = Array.from({ length: 6000 }, (_, nth) => one(nth))
    await database.db.collection<Document & { _id: string }>('deferrals').insertMany(documents)
    for (const phase of ['pending', 'approved'] as const)
      open[phase] = documents.filter((each) => each.phase === phase).length
  })

  /** A page from the beginning and one from the middle, and how the database read them. */
  async function pages([filter, order]: Case, size = limit) {
    const query = { ...filter, issuer, order, limit: size }
    const rows = await store().list({ ...query, limit: 1000 })
    const middle = rows[Math.floor(rows.length / 2)] as Stored
    const plans = await explained(database.db, async () => {
      await store().list(query)
      await store().list({ ...query, after: positionOf(middle, order) })
    })
    expect(plans.map(({ command }) => command.find)).toEqual(['deferrals', 'deferrals'])
    for (const { stages } of plans) {
      expect(stages).toContain('IXSCAN')
      for (const stage of ['COLLSCAN', 'SORT']) expect(stages).not.toContain(stage)
    }
    return { rows, plans }
  }

  describe('read no more than twice what they return, in the order of an index', () => {
    test.each(named(served))('%s', async (_name, each) => {
      const { rows, plans } = await pages(each)
      expect(rows.length).toBeGreaterThan(limit)
      for (const { keys, documents, returned, stages } of plans) {
        expect(stages.filter((name) => name.startsWith('by_'))).toEqual([each[2]])
        expect(returned).toBeGreaterThan(0)
        expect(keys).toBeLessThanOrEqual(2 * returned + limit)
        expect(documents).toBeLessThanOrEqual(keys)
      }
    })
  })

  describe('read the open ones and no others', () => {
    test.each(named(scanned))('%s', async (_name, each) => {
      const { rows, plans } = await pages(each)
      expect(rows.length).toBeGreaterThan(0)
      for (const { documents, returned, stages } of plans) {
        expect(stages.filter((name) => name.startsWith('by_'))).toEqual([each[2]])
        expect(documents).toBeLessThanOrEqual(open.pending + open.approved + returned)
      }
    })
  })

  test('come with their history in one read', async () => {
    const [plan, ...others] = await explained(database.db, async () => {
      const rows = await store().list({ issuer, limit, history: true })
      expect(rows.map(({ history }) => history?.length)).toEqual(rows.map(() => 3))
    })
    expect(others).toEqual([])
    expect(plan).toMatchObject({ returned: limit })
  })

  test('come in order where every pending deferral has the same due time, page by page', async () => {
    const verbs = verbsOn(store(), 'undue')
    await Promise.all(Array.from({ length: 55 }, () => verbs.create(newDeferral())))
    const query = { issuer: 'undue', order: 'due', status: pending, limit: 10 } as const
    const all: Stored[] = []
    const keys: number[] = []
    for (let nth = 0; nth < 6; nth++) {
      const last = all.at(-1)
      const [plan] = await explained(database.db, async () => {
        all.push(...(await store().list({ ...query, ...(last && { after: positionOf(last, 'due') }) })))
      })
      keys.push(plan!.keys)
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(55)
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).sort())
    expect(Math.max(...keys)).toBeLessThanOrEqual(12)
  })

  test('have no member that only the indexes need', async () => {
    const { id } = (await verbsOn(store(), 'members').create(newDeferral({ expiresIn: 600 }))) as Stored
    const swapped = await verbsOn(store(), 'members').decide(id, 'denied', {})
    const query = { issuer: 'members', limit: 1 }
    const records = [
      swapped,
      await store().find(id),
      ...(await store().list(query)),
      ...(await store().list({ ...query, history: true })),
    ]
    expect(records).toHaveLength(4)
    for (const record of records) for (const name of ['phase', 'dueBy']) expect(record).not.toHaveProperty(name)
  })

  test('a sweep is one command, served by the index of what wakes, up to now and no further', async () => {
    const { id } = (await verbsOn(store(), 'swept').create(
      newDeferral({ expiresIn: 3600 }),
      new Date(Date.now() - 3_600_000),
    )) as Stored
    await verbsOn(store(), 'swept').create(newDeferral({ expiresIn: 3600 }))
    for (const after of [undefined, { wakeAt: new Date(0), id: '' }]) {
      const [plan, ...others] = await explained(database.db, async () => {
        expect(await store().due({ issuer: 'swept', limit: 256, after })).toMatchObject([{ id }])
      })
      expect(others).toEqual([])
      expect(plan?.command.find).toBe('deferrals')
      expect(plan?.stages).toContain('due')
      for (const stage of ['COLLSCAN', 'SORT']) expect(plan?.stages).not.toContain(stage)
      // bounds that end now: what is due later is not even looked at
      expect(plan).toMatchObject({ documents: 1 })
      expect(plan?.keys).toBeLessThan(5)
    }
  })

  test('only what somebody has to look at is in the indexes of open deferrals', async () => {
    const verbs = verbsOn(store(), 'ended')
    const { id } = (await verbs.create(newDeferral())) as Stored
    await verbs.cancel(id)
    const deferrals = database.db.collection<Document & { _id: string }>('deferrals')
    const types = { wakeAt: { $type: '$wakeAt' }, dueBy: { $type: '$dueBy' }, phase: 1 }
    expect(await deferrals.aggregate([{ $match: { _id: id } }, { $project: types }]).toArray()).toEqual([
      { _id: id, wakeAt: 'missing', dueBy: 'missing', phase: 'cancelled' },
    ])
    expect(await deferrals.indexes()).toContainEqual(
      expect.objectContaining({ name: 'due', partialFilterExpression: { wakeAt: { $exists: true } } }),
    )
  })
})

/** The nth of many deferrals: of every third the members are `mine`, but each status and member has enough others in its way. */
function one(nth: number): Document & { _id: string } {
  const status = listedStatuses[nth % 6] as ListedStatus
  const own = (nth / 6) % 10 < 1
  const other = (name: string) => `${name} ${nth % 7}`
  const notification = {
    status: notificationStatuses[nth % notificationStatuses.length],
    notBefore: new Date(),
    attempts: 0,
    fence: 0,
  }
  const isUnswept = nth % 600 < 2
  return documentOf({
    issuer,
    status,
    createdAt: minutesLater(nth % 1200),
    request: {
      clientId: own ? 'mine' : other('client'),
      accountId: own ? 'mine' : other('account'),
      queue: own ? 'mine' : other('queue'),
      grantId: nth % 50 === 0 ? 'mine' : other('grant'),
      profile: nth % 90 === 0 ? 'openid' : 'oauth',
      grantType: nth % 120 === 0 ? 'rare' : 'authorization_code',
      title: nth % 120 === 0 ? `rare ${nth}` : `a title ${nth}`,
      expiresIn: isUnswept ? 60 : 500_000 + nth,
      ...(nth % 4 < 2 && { dueIn: 3600 * (nth % 40) }),
    },
    members: {
      ...(nth % 3 === 0 && { notification }),
      ...(status === 'pending' &&
        nth % 60 === 0 && { assignee: { to: 'mine', at: new Date(), until: minutesLater(9000) } }),
    },
  })
}
