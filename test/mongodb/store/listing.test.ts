import type { Document } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { beforeAll, describe, expect, test } from 'vitest'
import { notificationStatuses } from '../../../lib/deferral/notification.js'
import type { DeferralFilter, Stored } from '../../../lib/deferral/store.js'
import { newDeferral } from '../../store/new_deferral.js'
import { recorded } from '../../store/recorded.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { issuer, verbsOn } from '../../support/records.js'

const sealing = { sealed: 'sealed', delay: 0 }
const statuses = ['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired'] as const
const clientId = 'client'
const accountId = 'account'

const filters: Partial<DeferralFilter>[] = [
  {},
  { clientId },
  { accountId },
  { clientId, accountId },
  ...statuses.flatMap((status) => [
    { status: [status] },
    { status: [status], clientId },
    { status: [status], accountId },
  ]),
  ...([...notificationStatuses, 'any'] as const).map((notification) => ({ notification })),
]

describeMongo('the listings of mongoStore', () => {
  const database = useDatabase({ monitorCommands: true })
  let store: ReturnType<typeof mongoStore>
  let some: Stored

  beforeAll(async () => {
    store = mongoStore(database.db)
    const verbs = verbsOn(store)
    for (let nth = 0; nth < 200; nth++) {
      const held = nth % 2 === 0 && { handleHash: 'hash', sealing }
      some = (await verbs.create(newDeferral({ ...held, clientId: `client ${nth % 7}`, expiresIn: 3600 }))) as Stored
    }
  })

  // the command as it was sent, and how the database runs it
  async function explained(
    run: () => Promise<unknown>,
  ): Promise<{ commands: string[]; stats: Document; plan: string }> {
    const commands = await recorded(database.db, run)
    const { lsid: _session, $db: _db, $clusterTime: _time, ...command } = commands[0]!.command
    const { readConcern: _level, ...explain } = command
    const { executionStats } = await database.db.command({ explain, verbosity: 'executionStats' })
    return {
      commands: commands.map(({ commandName }) => commandName),
      stats: executionStats,
      plan: JSON.stringify(executionStats.executionStages),
    }
  }

  describe('come in order from an index', () => {
    test.each(filters.map((filter) => [JSON.stringify(filter), filter] as const))('%s', async (_name, filter) => {
      for (const after of [undefined, some]) {
        const query = { ...filter, issuer, limit: 20, ...(after && { after }) }
        const { commands, plan } = await explained(() => store.list(query))
        expect(commands).toEqual(['find'])
        expect(plan).toMatch(/"stage":"IXSCAN"/)
        for (const stage of ['COLLSCAN', '"stage":"SORT"']) expect(plan).not.toContain(stage)
      }
    })
  })

  test('a sweep is one command, served by the index of what wakes, up to now and no further', async () => {
    const verbs = verbsOn(store)
    const { id } = (await verbs.create(newDeferral({ handleHash: 'hash', sealing, expiresIn: 3600 }))) as Stored
    await verbs.decide(id, 'denied', {})
    for (const after of [undefined, { wakeAt: new Date(0), id: '' }]) {
      const { commands, stats, plan } = await explained(async () => {
        expect(await store.due({ issuer, limit: 256, after })).toMatchObject([{ id }])
      })
      expect(commands).toEqual(['find'])
      expect(plan).toMatch(/"indexName":"due"/)
      for (const stage of ['COLLSCAN', '"stage":"SORT"']) expect(plan).not.toContain(stage)
      // bounds that end now: what is due later is not even looked at
      expect(stats.totalKeysExamined).toBeLessThan(5)
      expect(stats.totalDocsExamined).toBe(1)
    }
  })

  test('only what somebody has to look at is in that index', async () => {
    const verbs = verbsOn(store)
    const { id } = (await verbs.create(newDeferral())) as Stored
    await verbs.cancel(id)
    const deferrals = database.db.collection<Document & { _id: string }>('deferrals')
    const stages = [{ $match: { _id: id } }, { $project: { wakeAt: { $type: '$wakeAt' } } }]
    expect(await deferrals.aggregate(stages).toArray()).toEqual([{ _id: id, wakeAt: 'missing' }])
    expect(await deferrals.indexes()).toContainEqual(
      expect.objectContaining({ name: 'due', partialFilterExpression: { wakeAt: { $exists: true } } }),
    )
  })

  test('a count reads no more than its limit', async () => {
    const commands = await recorded(database.db, async () => {
      expect(await store.count({ issuer, status: ['pending'], clientId: 'client 1', limit: 5 })).toBe(5)
    })
    const [{ command }] = commands as [(typeof commands)[0]]
    const explain = { aggregate: command.aggregate, pipeline: command.pipeline, cursor: {} }
    const { stages, executionStats } = await database.db.command({ explain, verbosity: 'executionStats' })
    const stats = executionStats ?? stages[0].$cursor.executionStats
    expect(stats.totalDocsExamined).toBeLessThan(20)
  })
})
