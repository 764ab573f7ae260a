import type { CreateIndexesOptions, IndexSpecification } from 'mongodb'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { beforeAll, expect, test } from 'vitest'
import { describeMongo, type TestDatabase, useDatabase } from '../../support/database.js'

type Beforehand = [model: string, key: IndexSpecification, options: CreateIndexesOptions]

describeMongo('an index that an administrator made beforehand', () => {
  const database = useDatabase()
  let another: TestDatabase['db']
  let count = 0

  beforeAll(async () => {
    another = await database.connect()
  })

  /** Names of the indexes after two nodes migrated at once, and one of them again. */
  async function names([model, key, options]: Beforehand): Promise<string[]> {
    const prefix = `c${count++}_`
    const adapters = [mongoAdapter(database.db, { prefix }), mongoAdapter(another, { prefix })]
    const collection = database.db.collection(`${prefix}${model === 'Session' ? 'session' : 'device_code'}`)
    await collection.createIndex(key, options)
    await Promise.all(adapters.map((adapter) => adapter.migrate()))
    await adapters[0]?.migrate()
    return (await collection.indexes()).map(({ name }) => name as string).sort()
  }

  const expiry = ['_id_', 'expiresAt_1']

  test.each<[string, Beforehand, string[]]>([
    [
      'is used under another name',
      ['Session', { expiresAt: 1 }, { expireAfterSeconds: 0, name: 'ttl' }],
      ['_id_', 'ttl', 'uid_1'],
    ],
    ['is used with another TTL', ['Session', { expiresAt: 1 }, { expireAfterSeconds: 3600 }], [...expiry, 'uid_1']],
    ['is used without a TTL', ['Session', { expiresAt: 1 }, {}], [...expiry, 'uid_1']],
    ['is used when it holds more than ours', ['Session', { uid: 1 }, { name: 'whole' }], [...expiry, 'whole']],
    [
      'is not used when it does not hold everything',
      ['Session', { expiresAt: 1 }, { partialFilterExpression: { uid: 'x' }, name: 'few' }],
      [...expiry, 'few', 'uid_1'],
    ],
    [
      'is not used when it lets two documents have what must be unique',
      ['DeviceCode', { userCode: 1 }, { sparse: true }],
      [...expiry, 'grantId_1', 'userCode_1', 'userCode_1_2'],
    ],
    [
      'is not used when it compares by the rules of a language',
      ['Session', { uid: 1 }, { sparse: true, collation: { locale: 'de' } }],
      [...expiry, 'uid_1', 'uid_1_2'],
    ],
    [
      'keeps our name when it has other keys',
      ['Session', { uid: 1, expiresAt: 1 }, { name: 'uid_1' }],
      [...expiry, 'uid_1', 'uid_1_2'],
    ],
  ])('%s', async (_, beforehand, expected) => {
    expect(await names(beforehand)).toEqual(expected)
  })

  test('is used in a collection whose text is compared by the rules of a language', async () => {
    await database.db.createCollection('german_session', { collation: { locale: 'de' } })
    await mongoAdapter(database.db, { prefix: 'german_' }).migrate()
    await mongoAdapter(another, { prefix: 'german_' }).migrate()
    expect(await database.db.collection('german_session').indexes()).toHaveLength(3)
  })

  test('is used by a client that reads numbers as BSON objects', async () => {
    const raw = await database.connect({ promoteValues: false })
    await mongoAdapter(raw, { prefix: 'raw_' }).migrate()
    await mongoAdapter(raw, { prefix: 'raw_' }).migrate()
    expect(await database.db.collection('raw_session').indexes()).toHaveLength(3)
  })

  test('serves the deferrals as well', async () => {
    const deferrals = database.db.collection('beforehand')
    await deferrals.createIndex({ purgeAt: 1 }, { expireAfterSeconds: 60 })
    await deferrals.createIndex({ issuer: 1, phase: 1, createdAt: -1, _id: -1 })
    const stores = [database.db, another].map((db) => mongoStore(db, { collection: 'beforehand' }))
    await Promise.all(stores.map((store) => store.find('x')))
    expect(await deferrals.indexes()).toHaveLength(13)
  })
})
