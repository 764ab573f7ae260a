import { type Db, MongoClient } from 'mongodb'
import type { DeferralStore, Stored } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { storeContract } from 'oidc-provider-deferred/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../lib/deferral/handle.js'
import { recordsOf } from '../../../lib/deferral/records.js'
import { decide } from '../../../lib/deferral/transitions.js'
import { newDeferral } from '../../store/new_deferral.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { type Mongo, startMongo } from '../../support/mongod.js'
import { issuer, verbsOn } from '../../support/records.js'

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

  describe('keeps a record until its retention is over', () => {
    const retention = 86_400
    const longestSpread = retention / 10

    test('after its expiry, not all at once, and later when the expiry is moved', async () => {
      const verbs = verbsOn(nodes[0]!)
      const ids = Array.from({ length: 20 }, () => newDeferral().id)
      await Promise.all(ids.map((id) => verbs.create(newDeferral({ id, handleHash: 'hash' }))))
      expectSpread(await retained(ids, 'expiresAt'))
      await Promise.all(ids.map((id) => verbs.extend(id, 100_000)))
      expectSpread(await retained(ids, 'expiresAt'))
      // an exchange starts the expiry anew
      const exchanged = newDeferral({ lifetime: 500_000 })
      await verbs.create(exchanged)
      await verbs.exchange(exchanged.id, { handleHash: 'hash' })
      expectBetween(await retained([exchanged.id], 'expiresAt'))
      expect(await database.db.collection('deferrals').indexes()).toContainEqual(
        expect.objectContaining({ name: 'purge', key: { purgeAt: 1 }, expireAfterSeconds: 0 }),
      )
    })

    test('after its end, if that is later', async () => {
      const verbs = verbsOn(nodes[0]!)
      const [early, late] = [newDeferral(), newDeferral()]
      const created = (await verbs.create(early)) as Stored
      await verbs.create(late)
      await verbs.cancel(early.id)
      expectBetween(await retained([early.id], 'expiresAt'))
      const known = (await nodes[0]?.find(late.id)) as Stored
      const cancelledAt = new Date(created.expiresAt.getTime() + 7 * retention * 1000)
      const after = { ...known, status: 'cancelled', cancelledAt } as Stored
      expect(await nodes[0]?.swap(known, { after }, newId())).toBeDefined()
      expectBetween(await retained([late.id], 'cancelledAt'))
    })

    test('by the clock of the database, whatever a test clock says, with at most a day of spread', async () => {
      const days = 300
      const year = 31_536_000_000
      for (const clock of [new Date(0), new Date(Date.now() + 5 * year)]) {
        const records = recordsOf(nodes[0]!, {
          issuer,
          retention: days * 86_400,
          clock: () => clock,
          onWritten: () => {},
        })
        const { id } = (await records.create(newDeferral({ expiresIn: 60 }))) as Stored
        await records.transit(id, decide('denied', {}))
        const inDays = ((await documentWith(id)).purgeAt.getTime() - Date.now()) / 86_400_000
        expect(inDays).toBeGreaterThan(days - 0.1)
        expect(inDays).toBeLessThan(days + 1.1)
      }
    })

    type Times = { _id: string; purgeAt: Date; expiresAt: Date; cancelledAt: Date }

    async function documentWith(id: string): Promise<Times> {
      return (await database.db.collection<Times>('deferrals').findOne({ _id: id })) as Times
    }

    // seconds from this time to the deletion, without the retention
    async function retained(ids: string[], from: 'expiresAt' | 'cancelledAt'): Promise<number[]> {
      const documents = await Promise.all(ids.map(documentWith))
      return documents.map((times) => (Number(times.purgeAt) - Number(times[from])) / 1000 - retention)
    }

    function expectBetween(seconds: number[]): void {
      for (const each of seconds) {
        // the instants of two nodes may differ a little
        expect(each).toBeGreaterThanOrEqual(-5)
        expect(each).toBeLessThanOrEqual(longestSpread + 5)
      }
    }

    function expectSpread(seconds: number[]): void {
      expectBetween(seconds)
      expect(new Set(seconds.map(Math.round)).size).toBeGreaterThan(10)
    }
  })

  test('rejects, and writes nothing, when it is not given a database', () => {
    expect(() => mongoStore({} as Db)).toThrow(TypeError)
    expect(() => mongoStore(database.db, { colection: 'x' } as never)).toThrow(/colection/)
    expect(() => mongoStore(database.db, { collection: 5 } as never)).toThrow(/collection/)
  })
})
