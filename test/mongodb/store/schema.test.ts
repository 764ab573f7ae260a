import type { Collection, Document } from 'mongodb'
import type { DeferralStore, Stored } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { describe, expect, test } from 'vitest'
import { dueIndex, migrateDeferrals, schemaVersion } from '../../../lib/mongodb/store/schema.js'
import type { EventName } from '../../deferral/states.js'
import { madeIn } from '../../store/lost_replies.js'
import { newDeferral } from '../../store/new_deferral.js'
import { recorded } from '../../store/recorded.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { issuer, verbsOn } from '../../support/records.js'

type Deferrals = Collection<Document & { _id: string }>

const listings = [
  'account',
  'assignee',
  'client',
  'due',
  'expiry',
  'grant',
  'notification',
  'phase',
  'queue',
  'queue_due',
]
const ours = [...listings.map((name) => `by_${name}`), 'due', 'purge']

describeMongo('the collection of mongoStore', () => {
  const database = useDatabase({ monitorCommands: true })
  const collection = (name: string): Deferrals => database.db.collection(name)
  const indexNames = async (name: string) => (await collection(name).indexes()).map((index) => index.name).sort()
  const validatorOf = async (name: string) => ((await collection(name).options()) as Document).validator.$jsonSchema

  test('is migrated on four nodes at once, and again, to the same validator and indexes', async () => {
    const nodes = await Promise.all(Array.from({ length: 4 }, () => database.connect()))
    const stores = nodes.map((db) => mongoStore(db, { collection: 'migrated', migrate: false }))
    await Promise.all([...stores, ...stores].map((node) => node.migrate()))
    expect(await indexNames('migrated')).toEqual(['_id_', ...ours])
    expect(await validatorOf('migrated')).toMatchObject({ required: expect.arrayContaining(['status', 'issuer']) })
  })

  test('is migrated without a command that changes anything when nothing has to be changed', async () => {
    await mongoStore(database.db, { collection: 'migrated' }).find('x')
    const again = mongoStore(database.db, { collection: 'migrated' })
    const commands = await recorded(database.db, () => again.find('x'))
    expect(commands.map(({ commandName }) => commandName)).toEqual(['create', 'listCollections', 'listIndexes', 'find'])
  })

  test('is migrated on first use, and not at all when told so', async () => {
    await mongoStore(database.db, { collection: 'first_use' }).find('x')
    expect(await indexNames('first_use')).toEqual(['_id_', ...ours])
    await mongoStore(database.db, { collection: 'untouched', migrate: false }).find('x')
    expect(await database.db.listCollections({ name: 'untouched' }).toArray()).toEqual([])
  })

  test('takes a deferral after every event', async () => {
    const store = mongoStore(database.db, { collection: 'valid' })
    const paths: EventName[][] = [
      ['progress', 'requireInteraction', 'resume', 'assign', 'comment', 'unassign', 'cancel'],
      ['exchange', 'arm', 'approve', 'lease', 'settleOwed', 'replay', 'extend', 'suppress', 'redeem', 'forgetAnswer'],
      ['exchange', 'deny', 'lease', 'settleFailed', 'expire'],
      ['exchange', 'approve', 'lease', 'settleDelivered', 'cancelByClient'],
      ['exchange', 'approve', 'expire'],
      ['assign', 'cancelByTwo'],
    ]
    for (const path of paths) {
      const _id = await madeIn(store, path)
      expect(await collection('valid').countDocuments({ _id, $nor: [await validator('valid')] })).toBe(0)
    }
  })

  describe('with nodes of two versions', () => {
    const versionOf = async (name: string) => Number((await validatorOf(name)).title.split(' ').at(-1))

    test('has the validator of the later one: raised, and never lowered or replaced by an older one', async () => {
      const name = 'raised'
      await migrateDeferrals(database.db, collection(name), schemaVersion - 1)
      expect(await versionOf(name)).toBe(schemaVersion - 1)
      await mongoStore(database.db, { collection: name }).find('x')
      expect(await versionOf(name)).toBe(schemaVersion)
      await migrateDeferrals(database.db, collection(name), schemaVersion + 1)
      await mongoStore(database.db, { collection: name }).find('x')
      await mongoStore(database.db, { collection: name, migrate: false }).migrate()
      expect(await versionOf(name)).toBe(schemaVersion + 1)
    })

    test('gets one where an administrator made the collection without', async () => {
      await database.db.createCollection('bare')
      await mongoStore(database.db, { collection: 'bare' }).find('x')
      expect(await versionOf('bare')).toBe(schemaVersion)
    })

    test('is read and written by both, and members of the later one survive the older one', async () => {
      const name = 'rolling'
      const older = verbsOn(mongoStore(database.db, { collection: name }))
      const { id } = (await older.create(newDeferral({ expiresIn: 600 }))) as Stored
      await migrateDeferrals(database.db, collection(name), schemaVersion + 1)
      // the later node keeps more, in the record and within it
      const later = { motto: '$motto', desk: { name: 'q', since: new Date(5) }, 'progress.of': 'later' }
      await older.progress(id, { step: 'review' })
      await collection(name).updateOne(
        { _id: id },
        { $set: { ...later, schemaVersion: schemaVersion + 1 }, $inc: { revision: 1 } },
      )
      expect(await older.exchange(id, { handleHash: 'hash' })).toMatchObject({ motto: '$motto' })
      // the later version is taken back: a node of this one starts
      const again = verbsOn(mongoStore(database.db, { collection: name }))
      expect(await again.decide(id, 'approved', {})).toBeDefined()
      const kept = { motto: later.motto, desk: later.desk, progress: { step: 'review', of: 'later' } }
      expect(await collection(name).findOne({ _id: id })).toMatchObject({
        ...kept,
        status: 'approved',
        schemaVersion: schemaVersion + 1,
      })
      expect(await again.find(id)).toMatchObject(kept)
      expect(await again.create(newDeferral())).toBeDefined()
    })
  })

  describe('with indexes that exist', () => {
    const partialFilterExpression = { wakeAt: { $exists: true } }

    test('uses those that are equal under another name, and makes no second one', async () => {
      await collection('named').createIndex(dueIndex.key, { name: 'of_an_administrator', partialFilterExpression })
      await collection('named').createIndex({ purgeAt: 1 }, { name: 'ttl', expireAfterSeconds: 60 })
      const store = mongoStore(database.db, { collection: 'named' })
      await expectSwept(store)
      const others = ours.filter((name) => name !== 'due' && name !== 'purge')
      expect(await indexNames('named')).toEqual(['_id_', ...others, 'of_an_administrator', 'ttl'].sort())
    })

    test.each([
      ['in another collation', { partialFilterExpression, collation: { locale: 'de' } }],
      ['of other deferrals', { partialFilterExpression: { status: 'pending' } }],
      ['under our name, of something else', undefined],
    ])('makes its own beside one %s', async (what, options) => {
      const name = `beside ${what}`
      if (options) await collection(name).createIndex(dueIndex.key, { name: 'other', ...options })
      else await collection(name).createIndex({ wakeAt: 1 }, { name: 'due' })
      await expectSwept(mongoStore(database.db, { collection: name }))
      expect(await collection(name).indexes()).toHaveLength(ours.length + 2)
    })

    test('without the index a sweep fails, and says so, instead of reading everything every second', async () => {
      const store = mongoStore(database.db, { collection: 'without', migrate: false })
      await verbsOn(store).create(newDeferral())
      await expect(store.due({ issuer, limit: 1 })).rejects.toThrow(/index/)
      await store.migrate()
      expect(await store.due({ issuer, limit: 1 })).toEqual([])
    })
  })

  async function validator(name: string): Promise<Document> {
    return ((await collection(name).options()) as Document).validator
  }
})

async function expectSwept(store: DeferralStore): Promise<void> {
  const { id } = (await verbsOn(store).create(newDeferral(), new Date(Date.now() - 61_000))) as Stored
  expect(await store.due({ issuer, limit: 10 })).toMatchObject([{ id }])
  expect(await store.due({ issuer, limit: 10, after: { wakeAt: new Date(0), id: '' } })).toMatchObject([{ id }])
}
