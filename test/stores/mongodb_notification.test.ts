import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { CommandStartedEvent, Document } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { describeMongo, type TestDatabase, testDatabase } from '../support/database.js'
import { newDeferral } from './new_deferral.js'
import { type StepName, sealing, steps, take } from './notification_steps.js'

describeMongo('notifications in MongoDB', () => {
  let database: TestDatabase
  let store: ReturnType<typeof mongoStore>
  const commands: CommandStartedEvent[] = []
  const deferrals = () => database.db.collection<Document & { _id: string }>('deferrals')

  beforeAll(async () => {
    database = await testDatabase({ monitorCommands: true })
    store = mongoStore(database.db)
    await store.migrate()
    database.db.client.on('commandStarted', (event) => commands.push(event))
  })

  afterAll(() => database.drop())

  async function exchanged(): Promise<string> {
    const { id } = await store.create(newDeferral())
    await store.exchange(id, { handleHash: 'hash', sealing })
    commands.length = 0
    return id
  }

  test.each([
    ['an approval', (id: string) => store.decide(id, 'approved', {})],
    ['a denial', (id: string) => store.decide(id, 'denied', {})],
    ['a cancellation', (id: string) => store.cancel(id, { by: 'reviewer' })],
  ] as const)('I-096 %s and the duty to tell of it are one command on one document', async (_name, decide) => {
    const id = await exchanged()
    await decide(id)
    const [command, ...others] = commands.map(({ command }) => command)
    expect(others).toEqual([])
    expect(command).toMatchObject({ findAndModify: 'deferrals', query: { _id: id }, writeConcern: { w: 'majority' } })
    expect(JSON.stringify(command?.update)).toMatch(/"status":"owed"/)
    expect(await deferrals().findOne({ _id: id })).toMatchObject({ notification: { status: 'owed' } })
  })

  test('a decision before the exchange is owed with the one command of the exchange', async () => {
    const { id } = await store.create(newDeferral())
    await store.decide(id, 'denied', {})
    commands.length = 0
    await store.exchange(id, { handleHash: 'hash', sealing })
    expect(commands.map(({ commandName }) => commandName)).toEqual(['findAndModify'])
    expect(await deferrals().findOne({ _id: id })).toMatchObject({ status: 'denied', notification: { status: 'owed' } })
  })

  test('the validator takes a notification in every status', async () => {
    const ways: StepName[][] = [
      [],
      ['approve'],
      ...(['Delivered', 'Owed', 'Failed', 'Suppressed'] as const).map(settled),
    ]
    for (const way of ways) {
      const { id } = await store.create(newDeferral())
      await steps.exchange(store, id, undefined)
      expect(await take(store, id, way)).not.toBe(null)
    }
    const { validator } = (await deferrals().options()) as { validator: Document }
    expect(await deferrals().countDocuments({ $nor: [validator] })).toBe(0)
    expect(await deferrals().countDocuments({ notification: { $exists: true } })).toBeGreaterThan(5)
  })

  test('a sweep is one command, served by the index of what is due and by nothing else', async () => {
    const swept = mongoStore(database.db, { collection: 'swept' })
    for (let n = 0; n < 200; n++) await swept.create(newDeferral({ handleHash: 'hash', sealing, expiresIn: 3600 }))
    for (let n = 0; n < 100; n++) await swept.create(newDeferral())
    const { id } = await swept.create(newDeferral({ handleHash: 'hash', sealing: { ...sealing, hold: 0 } }))
    await swept.decide(id, 'denied', {})
    commands.length = 0
    const after = { due: new Date(0), id }
    expect(await swept.dueNotifications({ limit: 256, after })).toMatchObject([{ id, clientId: 'client' }])
    expect(commands.map(({ commandName }) => commandName)).toEqual(['find'])
    const { lsid: _session, $db: _db, $clusterTime: _time, ...find } = commands[0]!.command
    const { executionStats: stats } = await database.db.command({ explain: find, verbosity: 'executionStats' })
    const plan = JSON.stringify(stats.executionStages)
    expect(plan).toMatch(/"stage":"IXSCAN"/)
    expect(plan).toMatch(/"indexName":"notification_due"/)
    for (const stage of ['COLLSCAN', '"SORT"']) expect(plan).not.toContain(stage)
    // bounds that end now: what is due later is not even looked at
    expect(stats.totalKeysExamined).toBeLessThan(5)
    expect(stats.totalDocsExamined).toBe(1)
  })

  test('only what somebody has to look at is in that index', async () => {
    const { id } = await store.create(newDeferral())
    await take(store, id, ['exchange', 'approve', 'claim', 'settleDelivered'])
    const stages = [{ $match: { _id: id } }, { $project: { due: { $type: '$notification.due' } } }]
    expect(await deferrals().aggregate(stages).toArray()).toEqual([{ _id: id, due: 'missing' }])
    expect(await deferrals().indexes()).toContainEqual(
      expect.objectContaining({
        name: 'notification_due',
        partialFilterExpression: { 'notification.due': { $exists: true } },
      }),
    )
  })

  test.each(['failed', 'any'] as const)(
    'notifications that are %s are listed in order from an index',
    async (notification) => {
      commands.length = 0
      await store.list({ notification, limit: 20 })
      const { lsid: _session, $db: _db, $clusterTime: _time, ...find } = commands[0]!.command
      const explained = await database.db.command({ explain: find, verbosity: 'queryPlanner' })
      const plan = JSON.stringify(explained.queryPlanner.winningPlan)
      expect(plan).toContain('"indexName":"by_notification"')
      for (const stage of ['COLLSCAN', '"stage":"SORT"']) expect(plan).not.toContain(stage)
    },
  )

  test('without the index a sweep fails, and says so, instead of reading everything every second', async () => {
    const bare = mongoStore(database.db, { collection: 'bare', migrate: false })
    await bare.create(newDeferral())
    await expect(bare.dueNotifications({ limit: 1 })).rejects.toThrow(/index/)
    await bare.migrate()
    expect(await bare.dueNotifications({ limit: 1 })).toEqual([])
  })
})

function settled(outcome: 'Delivered' | 'Owed' | 'Failed' | 'Suppressed'): StepName[] {
  return ['approve', 'claim', `settle${outcome}`]
}
