import { setTimeout as after } from 'node:timers/promises'
import { type CommandStartedEvent, type CommandSucceededEvent, type Document, MongoClient } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newDeferral } from '../../store/new_deferral.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { type Mongo, startMongo } from '../../support/mongod.js'
import { until } from '../../support/receiver.js'
import { verbsOn } from '../../support/records.js'

/** The ids that a store tells of. */
async function listenTo(store: DeferralStore) {
  const ids: string[] = []
  const watch = await store.watch?.((id) => ids.push(id))
  if (!watch) throw new Error('this store does not tell')
  let isOver = false
  const over = () => {
    isOver = true
  }
  watch.ended?.then(over, over)
  return { ids, watch, isOver: () => isOver }
}

describeMongo('the change stream', () => {
  const database = useDatabase()
  const names = ['_id', 'operationType', 'documentKey', 'isDue']
  let count = 0

  /** A collection, and a node of its own that writes to it. */
  async function writing(options = {}) {
    const collection = `deferrals_${++count}`
    const store = mongoStore(database.db, { collection })
    const db = await database.connect({ monitorCommands: true, ...options })
    const verbs = verbsOn(store)
    const pending = async () => {
      const { id } = newDeferral()
      await verbs.create(newDeferral({ id, handleHash: 'hash' }))
      return id
    }
    return { collection, verbs, pending, db, watching: mongoStore(db, { collection }) }
  }

  test('is told nothing but ids and a flag, and nothing of what does not matter', async () => {
    const { verbs, pending, db, watching } = await writing()
    const batches: Document[] = []
    const note = ({ reply }: CommandSucceededEvent) => {
      const { cursor } = reply as unknown as Document
      batches.push(...(cursor?.nextBatch ?? []))
    }
    db.client.on('commandSucceeded', note)
    const { ids, watch } = await listenTo(watching)
    const [id, other] = [await pending(), await pending()]
    await verbs.extend(id, 100)
    await verbs.decide(id, 'approved', {})
    await verbs.decide(other, 'denied', {})
    await until(() => ids.length >= 4)
    await watch.close()
    expect(ids).toEqual([id, other, id, other])
    expect(batches).toHaveLength(4)
    for (const batch of batches) {
      expect(Object.keys(batch).every((name) => names.includes(name))).toBe(true)
      expect(Object.keys(batch.documentKey)).toEqual(['_id'])
    }
  })

  test('lets requests through while it tells of many changes', async () => {
    const { collection, watching } = await writing()
    let [seen, run, longest] = [0, 0, 0]
    const watch = await watching.watch?.(() => {
      seen += 1
      run += 1
      longest = Math.max(longest, run)
      if (run === 1) {
        setImmediate(() => {
          run = 0
        })
      }
    })
    const many = Array.from({ length: 500 }, (_, nth) => ({ _id: `deferral ${nth}` as never }))
    await database.db.collection(collection).insertMany(many, { bypassDocumentValidation: true })
    await until(() => seen === many.length)
    expect(longest).toBeLessThanOrEqual(16)
    await watch?.close()
  })

  test('costs an idle node a command in five seconds', async () => {
    const { db, watching } = await writing()
    const started: string[] = []
    const note = ({ commandName }: CommandStartedEvent) => started.push(commandName)
    const { watch } = await listenTo(watching)
    db.client.on('commandStarted', note)
    await after(6000)
    db.client.off('commandStarted', note)
    expect(new Set(started)).toEqual(new Set(['getMore']))
    expect(started.length).toBeLessThanOrEqual(2)
    await watch.close()
  })

  test('is closed at once', async () => {
    const { watch, isOver } = await listenTo((await writing()).watching)
    const start = performance.now()
    await watch.close()
    expect(performance.now() - start).toBeLessThan(2000)
    expect(isOver()).toBe(true)
  })

  test('ends when its cursor is killed', async () => {
    const { collection, pending, db, watching } = await writing()
    const cursors: unknown[] = []
    db.client.on('commandSucceeded', ({ commandName, reply }) => {
      if (commandName === 'aggregate') cursors.push((reply as unknown as Document).cursor.id)
    })
    let waits = 0
    db.client.on('commandStarted', ({ commandName }) => {
      if (commandName === 'getMore') waits += 1
    })
    const end = ({ commandName }: { commandName: string }) => {
      if (commandName === 'getMore') waits -= 1
    }
    db.client.on('commandSucceeded', end).on('commandFailed', end)
    const { watch, ids, isOver } = await listenTo(watching)
    const id = await pending()
    await until(() => ids.includes(id))
    await until(async () => {
      // between two waits the driver opens a killed cursor again, and that one has to be killed as well
      if (waits === 1) await database.db.command({ killCursors: collection, cursors })
      // the database looks up from its wait
      await pending()
      return isOver()
    })
    await watch.close()
  })

  test.each([
    ['dropped', (collection: string) => database.db.collection(collection).drop()],
    ['renamed', (collection: string) => database.db.collection(collection).rename(`${collection}_old`)],
  ])('ends when the collection is %s, and can begin again', async (_how, remove) => {
    const { collection, watching } = await writing()
    const { watch, isOver } = await listenTo(watching)
    await remove(collection)
    await until(isOver)
    await watch.close()
    const again = await listenTo(watching)
    const { id } = newDeferral()
    const verbs = verbsOn(mongoStore(database.db, { collection }))
    await verbs.create(newDeferral({ id, handleHash: 'hash' }))
    await verbs.decide(id, 'approved', {})
    await until(() => again.ids.includes(id))
    await again.watch.close()
  })

  test('ends when its client is closed', async () => {
    const { db, watching } = await writing()
    const { isOver } = await listenTo(watching)
    await db.client.close()
    await until(isOver)
  })

  test('a client with a short time-out of its sockets does not lose it', async () => {
    const { verbs, pending, watching } = await writing({ socketTimeoutMS: 1000 })
    const { ids, watch, isOver } = await listenTo(watching)
    await after(2500)
    const id = await pending()
    await verbs.decide(id, 'approved', {})
    await until(() => ids.includes(id))
    expect(isOver()).toBe(false)
    await watch.close()
  })
})

describeMongo('a standalone server', () => {
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

  test('has no change stream, which is no fault', async () => {
    expect(await mongoStore(client.db('standalone')).watch?.(() => {})).toBeUndefined()
  })
})
