import type { Collection, Db, Document, MongoServerError } from 'mongodb'
import type { HistoryEntry } from '../../deferral/deferral.js'
import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { retainedUntil } from '../../deferral/retention.js'
import { boolean, shape, string, withDefault } from '../../deferral/shape.js'
import type { DeferralStore } from '../../deferral/store.js'
import { toDocument } from '../../store/json_members.js'
import { countDeferrals } from './count.js'
import { derivedMembers, endOfTime } from './derived.js'
import { byId, type DeferralDocument, type Instant, projection, toRecord } from './document.js'
import { listDeferrals, listDue } from './listing.js'
import { migrateDeferrals, schemaVersion } from './schema.js'
import { statsOf } from './stats.js'
import { swapOperations } from './swaps.js'
import { watchDeferrals } from './watch.js'

// of the time between two purges of deferrals that were created together
const longestSpread = 86_400_000
const duplicateKey = 11000

const optionsShape = shape({ collection: withDefault(string, 'deferrals'), migrate: withDefault(boolean, true) })

type Open = () => Promise<Collection<DeferralDocument>>

/**
 * The production store. One document per deferral. Every change is one conditional update by `_id`, acknowledged by a majority.
 * Every read is a majority read. The database's clock decides. `migrate()` creates collection, validator and indexes; unless
 * `migrate: false` it runs once, on first use.
 */
export function mongoStore(
  db: Db,
  options: { collection?: string; migrate?: boolean } = {},
): DeferralStore & {
  /** Creates collection, validator and indexes. Idempotent, and safe when several nodes start at once. */
  migrate(): Promise<void>
} {
  const { collection: name, migrate } = optionsShape(options, 'mongoStore:')
  if (typeof db?.collection !== 'function')
    throw new TypeError('mongoStore needs a Db of the mongodb driver, client.db(name)')
  const deferrals: Collection<DeferralDocument> = db.collection(name, {
    readPreference: 'primary',
    // an answer to a client must survive a failover
    readConcern: { level: 'majority' },
    writeConcern: { w: 'majority' },
    promoteValues: true,
  })
  const migrated = once(() => migrateDeferrals(db, deferrals), migrate)

  const open = async () => {
    await migrated()
    return deferrals
  }
  return {
    migrate: () => migrateDeferrals(db, deferrals),
    watch: async (onChange) => watchDeferrals(db.client, await open(), onChange),
    ...insertOperation(open),
    ...swapOperations(open),
    ...readOperations(db, open),
  }
}

function insertOperation(open: Open): Pick<DeferralStore, 'insert'> {
  return {
    async insert(record, writeId, entry, at) {
      const deferrals = await open()
      const { id } = record
      const document = { $mergeObjects: [{ _id: id }, firstDocument(record, writeId, entry, at ?? '$$NOW')] }
      try {
        const inserted = await deferrals.findOneAndUpdate(
          // an existing document does not match, and its id cannot be inserted again
          { ...byId(id), revision: { $exists: false } },
          [{ $replaceWith: document }],
          { returnDocument: 'after', projection: projection(at ?? '$$NOW'), upsert: true },
        )
        return inserted ? toRecord(inserted) : undefined
      } catch (error) {
        if ((error as MongoServerError).code === duplicateKey) return undefined
        throw error
      }
    },
  }
}

function readOperations(
  db: Db,
  open: Open,
): Pick<DeferralStore, 'find' | 'history' | 'list' | 'count' | 'stats' | 'due'> {
  return {
    async find(id, at, inDoubt) {
      const deferrals = await open()
      const options = { projection: projection(at ?? '$$NOW') }
      const document = await (inDoubt ? findInDoubt(db, deferrals, id, options) : deferrals.findOne(byId(id), options))
      return document ? toRecord(document) : undefined
    },

    async history(id) {
      const deferrals = await open()
      const document = await deferrals.findOne(byId(id), { projection: { history: 1 } })
      return document?.history ?? []
    },

    async list(query, at) {
      return listDeferrals(await open(), query, at ?? '$$NOW')
    },

    async count(query, at) {
      return countDeferrals(await open(), query, at ?? '$$NOW')
    },

    async stats({ issuer }, at) {
      return statsOf(await open(), issuer, at ?? '$$NOW')
    },

    async due(query, at) {
      return listDue(await open(), query, at ?? '$$NOW')
    },
  }
}

// All times move with createdAt, which becomes the database's time. purgeAt uses the database's clock even with a test clock; it has
// a random part, so that deferrals created together are not deleted together
function firstDocument(record: DeferralRecord, writeId: string, entry: HistoryEntry, now: Instant) {
  const move = (value: unknown) =>
    value instanceof Date ? { $add: [now, value.getTime() - record.createdAt.getTime()] } : { $literal: value }
  const each = (members: object) =>
    Object.fromEntries(Object.entries(members).map(([name, value]) => [name, move(value)]))
  const { id, readAt, notification, ...plain } = record
  const life = retainedUntil(record).getTime() - record.createdAt.getTime()
  const spread = Math.random() * Math.min(record.retention * 100, longestSpread)
  const { dueBy, ...derived } = derivedMembers(record)
  return {
    ...each(toDocument({ ...plain, ...derived, schemaVersion, revision: 0, writeId })),
    ...(dueBy && { dueBy: dueBy === endOfTime ? { $literal: dueBy } : move(dueBy) }),
    ...(notification && { notification: each(notification) }),
    history: [{ ...each({ ...entry, writeId }), at: now }],
    purgeAt: { $add: ['$$NOW', Math.round(life + spread)] },
  }
}

// a majority read may not see the last write yet; a read that causally follows an operation on the primary sees it
function findInDoubt(db: Db, deferrals: Collection<DeferralDocument>, id: string, options: { projection: Document }) {
  return db.client.withSession({ causalConsistency: true }, async (session) => {
    await db.command({ ping: 1 }, { session, readPreference: 'primary' })
    return deferrals.findOne(byId(id), { ...options, session })
  })
}

/** Runs `work` until it has succeeded once. Concurrent calls wait for the same run. */
function once(work: () => Promise<void>, isNeeded: boolean): () => Promise<void> | undefined {
  let isDone = !isNeeded
  let underWay: Promise<void> | undefined
  const run = async () => {
    try {
      await work()
      isDone = true
    } finally {
      underWay = undefined
    }
  }
  return () => {
    if (isDone) return undefined
    underWay ??= run()
    return underWay
  }
}
