import type { Document } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { beforeAll, describe, expect, test } from 'vitest'
import { positionOf } from '../../../lib/deferral/listing.js'
import type { Stored } from '../../../lib/deferral/store.js'
import { newDeferral } from '../../store/new_deferral.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { issuer, verbsOn } from '../../support/records.js'
import { explained } from './explained.js'
import { type Case, limit, one, pending, scanned, served } from './listing_cases.js'

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
