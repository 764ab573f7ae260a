import { type Db, MongoClient } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { storeContract } from 'oidc-provider-deferred/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newDeferral } from '../../store/new_deferral.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { type Mongo, startMongo } from '../../support/mongod.js'
import { verbsOn } from '../../support/records.js'

describeMongo('mongoStore', () => {
  const database = useDatabase()
  const nodes: DeferralStore[] = []
  let opened = 0

  beforeAll(async () => {
    const connections = [database.db, ...(await Promise.all([1, 2, 3].map(() => database.connect())))]
    nodes.push(...connections.map((db) => mongoStore(db)))
  })

  describe('on a replica set, from four clients', () => {
    test.each(storeContract(() => nodes[opened++ % nodes.length] as DeferralStore))('$name', ({ run }) => run())
  })

  describe('on a standalone', () => {
    let server: Mongo
    let client: MongoClient

    beforeAll(async () => {
      server = await startMongo({ standalone: true })
      client = await MongoClient.connect(server.uri)
    })

    afterAll(async () => {
      await client.close()
      await server.stop()
    })

    // the rest does not depend on what a replica set has and a standalone has not
    const smaller = /^(insert|swap|an unexpired|a read in doubt|due|of 64 (inserts|swaps|redemptions))/
    const contract = storeContract(() => mongoStore(client.db('standalone')))

    test.each(contract.filter(({ name }) => smaller.test(name)))('$name', ({ run }) => run())
  })

  test('has the database refuse what is not a deferral', async () => {
    const { id } = newDeferral()
    await verbsOn(nodes[0]!).create(newDeferral({ id }))
    const deferrals = database.db.collection<{ _id: string }>('deferrals')
    for (const update of [
      { $set: { status: 'done' } },
      { $unset: { expiresAt: 1 } },
      { $unset: { issuer: 1 } },
    ] as object[])
      await expect(deferrals.updateOne({ _id: id }, update)).rejects.toThrow(/validation/)
  })

  test('purges about a day after expiry, never all at once, and later when the expiry is moved', async () => {
    const verbs = verbsOn(nodes[0]!)
    const ids = Array.from({ length: 20 }, () => newDeferral().id)
    await Promise.all(ids.map((id) => verbs.create(newDeferral({ id, handleHash: 'hash' }))))
    expectSpread(await hoursAfterExpiry(ids))
    await Promise.all(ids.map((id) => verbs.extend(id, 100_000)))
    expectSpread(await hoursAfterExpiry(ids))
    // an exchange starts the expiry anew
    const exchanged = newDeferral({ lifetime: 500_000 })
    await verbs.create(exchanged)
    await verbs.exchange(exchanged.id, { handleHash: 'hash' })
    const [hours] = await hoursAfterExpiry([exchanged.id])
    expect(hours).toBeGreaterThan(21.5)
    expect(await database.db.collection('deferrals').indexes()).toContainEqual(
      expect.objectContaining({ name: 'purge', key: { purgeAt: 1 }, expireAfterSeconds: 0 }),
    )
  })

  test('rejects, and writes nothing, when it is not given a database', () => {
    expect(() => mongoStore({} as Db)).toThrow(TypeError)
    expect(() => mongoStore(database.db, { colection: 'x' } as never)).toThrow(/colection/)
    expect(() => mongoStore(database.db, { collection: 5 } as never)).toThrow(/collection/)
  })

  async function hoursAfterExpiry(ids: string[]): Promise<number[]> {
    const deferrals = database.db.collection<{ _id: string; purgeAt: Date; expiresAt: Date }>('deferrals')
    const documents = await deferrals.find({ _id: { $in: ids } }).toArray()
    return documents.map(({ purgeAt, expiresAt }) => (Number(purgeAt) - Number(expiresAt)) / 3_600_000)
  }

  function expectSpread(hours: number[]): void {
    expect(Math.min(...hours)).toBeGreaterThan(21.5)
    expect(Math.max(...hours)).toBeLessThan(26.5)
    expect(new Set(hours).size).toBeGreaterThan(10)
  }
})
