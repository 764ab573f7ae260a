import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type CommandStartedEvent, type Db, MongoClient } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { describeMongo, type TestDatabase, testDatabase } from '../support/database.js'
import { type Mongo, startMongo } from '../support/mongod.js'
import { contract } from './contract.js'
import { newDeferral } from './new_deferral.js'

let database: TestDatabase
let store: DeferralStore & { migrate(): Promise<void> }

describeMongo('mongoStore', () => {
  beforeAll(async () => {
    database = await testDatabase({ monitorCommands: true })
    store = mongoStore(database.db)
  })

  afterAll(() => database.drop())

  describe('on a replica set', () => contract(() => store))

  describe('on a standalone', () => {
    let server: Mongo
    let client: MongoClient
    let standalone: DeferralStore

    beforeAll(async () => {
      server = await startMongo({ standalone: true })
      client = await MongoClient.connect(server.uri)
      standalone = mongoStore(client.db('standalone'))
    })

    afterAll(async () => {
      await client.close()
      await server.stop()
    })

    contract(() => standalone)
  })

  test('migrates on four nodes at once, and again, to the same collection, validator and indexes', async () => {
    const nodes = await Promise.all(Array.from({ length: 4 }, () => database.connect()))
    const stores = nodes.map((db) => mongoStore(db, { collection: 'migrated', migrate: false }))
    await Promise.all([...stores, ...stores].map((node) => node.migrate()))
    const indexes = await database.db.collection('migrated').indexes()
    expect(indexes.map(({ name }) => name).sort()).toEqual([
      '_id_',
      'by_account',
      'by_client',
      'by_notification',
      'by_status',
      'newest',
      'notification_due',
      'purge',
    ])
    const [info] = await database.db.listCollections({ name: 'migrated' }).toArray()
    expect(info).toMatchObject({
      options: { validator: { $jsonSchema: { required: expect.arrayContaining(['status']) } } },
    })
  })

  test('migrates without a command that changes anything when nothing has to be changed', async () => {
    const again = mongoStore(database.db, { collection: 'deferrals' })
    const commands = await recorded(database.db, async () => {
      await again.find('x')
    })
    expect(commands.map(({ commandName }) => commandName)).toEqual(['create', 'listCollections', 'listIndexes', 'find'])
  })

  test('migrates by itself on first use, and not at all when told so', async () => {
    await mongoStore(database.db, { collection: 'first_use' }).find('x')
    expect(await database.db.collection('first_use').indexes()).toHaveLength(8)
    await mongoStore(database.db, { collection: 'untouched', migrate: false }).find('x')
    expect(await database.db.listCollections({ name: 'untouched' }).toArray()).toEqual([])
  })

  test('has the database refuse what is not a deferral', async () => {
    const { id } = await store.create(newDeferral())
    const deferrals = database.db.collection<{ _id: string }>('deferrals')
    await expect(deferrals.updateOne({ _id: id }, { $set: { status: 'done' } })).rejects.toThrow(/validation/)
    await expect(deferrals.updateOne({ _id: id }, { $unset: { expiresAt: 1 } })).rejects.toThrow(/validation/)
  })

  test('purges about a day after expiry, never all at once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await store.create(newDeferral())).id))
    const documents = await database.db
      .collection('deferrals')
      .find({ _id: { $in: ids as never[] } })
      .toArray()
    const hours = documents.map(({ purgeAt, expiresAt }) => (purgeAt - expiresAt) / 3_600_000)
    expect(Math.min(...hours)).toBeGreaterThan(21.5)
    expect(Math.max(...hours)).toBeLessThan(26.5)
    expect(new Set(hours).size).toBeGreaterThan(10)
    expect(await database.db.collection('deferrals').indexes()).toContainEqual(
      expect.objectContaining({ name: 'purge', key: { purgeAt: 1 }, expireAfterSeconds: 0 }),
    )
  })

  test('targets one shard with every hot command: _id by equality, one command each, acknowledged by a majority', async () => {
    const commands = await recorded(database.db, async () => {
      const { id } = await store.create(newDeferral())
      await store.find(id)
      await store.exchange(id, { handleHash: 'hash', sealing: { sealed: 'sealed', hold: 0 } })
      await store.arm(id, 0)
      await store.progress(id, { step: 'review' })
      await store.requireInteraction(id, { uri: 'https://op.example/confirm' })
      await store.resume(id)
      await store.extend(id, 60)
      await store.decide(id, 'approved', {})
      const leased = await store.claimNotification(id, 10)
      const gone = { status: 'failed', reason: 'gone', answer: 410 } as const
      await store.settleNotification(id, leased?.notification?.fence as number, gone)
      await store.replayNotification(id)
      const claimed = await store.claim(id, 'claim', 15)
      await store.release(id, 'claim')
      await store.finalise(id, { id: 'claim', fence: claimed?.fence as number })
      await store.cancel(id, undefined)
    })
    expect(commands).toHaveLength(16)
    for (const { command, commandName } of commands) {
      expect(commandName === 'find' ? command.filter._id : command.query._id).toMatch(/^[\w-]{22}$/)
      if (commandName === 'findAndModify') expect(command.writeConcern).toEqual({ w: 'majority' })
    }
  })

  test('serves every listing from an index that is already in order', async () => {
    const queries = [{}, { status: 'pending' }, { clientId: 'client' }, { accountId: 'account' }]
    for (const query of queries) {
      const plan = await database.db
        .collection('deferrals')
        .find(query, { sort: { createdAt: -1, _id: -1 }, limit: 20 })
        .explain()
      expect(JSON.stringify(plan.queryPlanner.winningPlan)).toContain('IXSCAN')
      expect(JSON.stringify(plan.queryPlanner.winningPlan)).not.toContain('"SORT"')
    }
  })

  test('rejects, and writes nothing, when it is not given a database', () => {
    expect(() => mongoStore({} as Db)).toThrow(TypeError)
    expect(() => mongoStore(database.db, { colection: 'x' } as never)).toThrow(/colection/)
    expect(() => mongoStore(database.db, { collection: 5 } as never)).toThrow(/collection/)
  })
})

async function recorded(db: Db, run: () => Promise<void>): Promise<CommandStartedEvent[]> {
  const events: CommandStartedEvent[] = []
  const listen = (event: CommandStartedEvent) => events.push(event)
  db.client.on('commandStarted', listen)
  await run()
  db.client.off('commandStarted', listen)
  return events
}
