import type { Db } from 'mongodb'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { expect, test } from 'vitest'
import { describeMongo, useDatabase } from '../../support/database.js'
import { grantables, models } from './models.js'

const primary = { v: 2, name: '_id_', key: { _id: 1 } }
const expiry = { v: 2, name: 'expiresAt_1', key: { expiresAt: 1 }, expireAfterSeconds: 0 }
const byGrantId = { v: 2, name: 'grantId_1', key: { grantId: 1 }, sparse: true }
const byUid = { v: 2, name: 'uid_1', key: { uid: 1 }, sparse: true }
const byUserCode = { v: 2, name: 'userCode_1', key: { userCode: 1 }, unique: true, sparse: true }

function expected(model: string): object[] {
  if (model === 'Client') return []
  const grantable = grantables.some((name) => name === model)
  const own = model === 'Session' ? [byUid] : model === 'DeviceCode' ? [byUserCode] : []
  return [primary, expiry, ...(grantable ? [byGrantId] : []), ...own]
}

const name = (model: string) => `oidc${model.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)}`

async function expectIndexes(db: Db): Promise<void> {
  for (const model of models) {
    const found = await db
      .collection(name(model))
      .indexes()
      .catch(() => [])
    expect([model, found]).toEqual([model, expected(model)])
  }
}

describeMongo('indexes', () => {
  const database = useDatabase()

  test('are made by four nodes that migrate at once, and again later', async () => {
    const nodes = await Promise.all([database.connect(), database.connect(), database.connect(), database.connect()])
    await Promise.all(nodes.map((db) => mongoAdapter(db).migrate()))
    await expectIndexes(database.db)
    await mongoAdapter(database.db).migrate()
    await expectIndexes(database.db)
  })

  test.each(models)('are made on the first use of %s', async (model) => {
    const db = database.db.client.db(`${database.db.databaseName}_lazy`)
    const adapter = mongoAdapter(db)(model)
    await Promise.all([adapter.find('id'), adapter.upsert('id', { jti: 'id' }, 60), adapter.find('id')])
    const found = await db.collection(name(model)).indexes()
    expect(found).toEqual(model === 'Client' ? [primary] : expected(model))
    await db.dropDatabase()
  })

  test('are tried again by the next call when they could not be made', async () => {
    const db = database.db.client.db(`${database.db.databaseName}_refused`)
    const codes = db.collection('oidc_device_code')
    await codes.insertMany([{ userCode: 'ABCD' }, { userCode: 'ABCD' }])
    const adapter = mongoAdapter(db)('DeviceCode')
    await expect(adapter.find('id')).rejects.toThrow('E11000')
    await codes.deleteMany({})
    expect(await adapter.find('id')).toBeUndefined()
    await db.dropDatabase()
  })

  test('are left to whoever migrates when the adapter is told so, and are made by migrate alone', async () => {
    const db = database.db.client.db(`${database.db.databaseName}_told`)
    const adapter = mongoAdapter(db, { migrate: false })
    await adapter('Session').upsert('id', { jti: 'id' }, 60)
    expect(await db.collection('oidc_session').indexes()).toEqual([primary])
    await adapter.migrate()
    await expectIndexes(db)
    await db.dropDatabase()
  })

  test('serve the queries they are for', async () => {
    const queries: [string, object, string][] = [
      ['oidc_access_token', { grantId: 'x' }, 'grantId_1'],
      ['oidc_session', { uid: 'x' }, 'uid_1'],
      ['oidc_device_code', { userCode: 'x' }, 'userCode_1'],
    ]
    for (const [collection, filter, index] of queries) {
      const plan = await database.db.collection(collection).find(filter).explain('queryPlanner')
      expect(JSON.stringify(plan.queryPlanner.winningPlan)).toContain(`"indexName":"${index}"`)
    }
  })

  test('let no two device codes share a user code', async () => {
    const codes = mongoAdapter(database.db)('DeviceCode')
    await codes.upsert('one', { jti: 'one', userCode: 'ABCD' }, 60)
    await expect(codes.upsert('two', { jti: 'two', userCode: 'ABCD' }, 60)).rejects.toThrow('E11000')
    await Promise.all(['three', 'four'].map((id) => codes.upsert(id, { jti: id }, 60)))
    await codes.destroy('one')
    await codes.upsert('two', { jti: 'two', userCode: 'ABCD' }, 60)
    expect(await codes.findByUserCode('ABCD')).toMatchObject({ jti: 'two' })
  })
})
