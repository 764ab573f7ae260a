import type { Collection, Db, Document, MongoServerError } from 'mongodb'
import type { DeferralRecord } from '../deferral/deferral.js'
import { type DeferralStore, difference, type HistoryEntry, historyLimit, type Stored } from '../deferral/store.js'
import { assertMembers } from '../options_error.js'
import { toDocument } from './json_members.js'
import { type DeferralDocument, type Instant, type Kept, projection, toRecord } from './mongodb_document.js'
import { counting, listing, waking } from './mongodb_listing.js'
import { migrateDeferrals, schemaVersion } from './mongodb_schema.js'

const graceSeconds = 86_400
const duplicateKey = 11000

// an id from an integrator's console may be anything: undefined, or an operator that matches somebody else's deferral
const byId = (id: string) => ({ _id: String(id) })

/**
 * The production store: one document per deferral, every change one conditional update of it by `_id`, acknowledged by a
 * majority; every read a majority read; timed by the database's clock. `migrate()` creates collection, validator and indexes;
 * unless `migrate: false` it runs once on first use.
 */
export function mongoStore(
  db: Db,
  options: { collection?: string; migrate?: boolean } = {},
): DeferralStore & { migrate(): Promise<void> } {
  const { collection: name = 'deferrals', migrate = true } = options
  assertMembers('mongoStore', options, { collection: 'string', migrate: 'boolean' })
  if (typeof db?.collection !== 'function')
    throw new TypeError('mongoStore needs a Db of the mongodb driver, client.db(name)')
  const deferrals: Collection<DeferralDocument> = db.collection(name, {
    readPreference: 'primary',
    // what a client is told must survive a failover
    readConcern: { level: 'majority' },
    writeConcern: { w: 'majority' },
    promoteValues: true,
  })
  const migrated = once(() => migrateDeferrals(db, deferrals), migrate)

  return {
    migrate: () => migrateDeferrals(db, deferrals),

    async insert(record, writeId, entry, at) {
      await migrated()
      const { id } = record
      const document = { $mergeObjects: [{ _id: id }, firstDocument(record, writeId, entry, at ?? '$$NOW')] }
      try {
        const inserted = await deferrals.findOneAndUpdate(
          // a document with this id does not match, and inserting a second one is refused
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

    async find(id, at, inDoubt) {
      await migrated()
      const options = { projection: projection(at ?? '$$NOW') }
      const found = await (inDoubt ? findInDoubt(db, deferrals, id, options) : deferrals.findOne(byId(id), options))
      return found ? toRecord(found) : undefined
    },

    async swap(before, { after, entry, unexpired }, writeId, at) {
      await migrated()
      const { set, unset } = difference(before, after)
      const purge = purgeMoved(before as Kept, after)
      const guard = { ...byId(before.id), revision: before.revision }
      const alive = unexpired && { $expr: { $gt: ['$expiresAt', at ?? '$$NOW'] } }
      const { matchedCount } = await deferrals.updateOne({ ...guard, ...alive }, {
        $set: { ...toDocument(set), ...purge, writeId },
        ...(unset.length && { $unset: Object.fromEntries(unset.map((member) => [member, 1])) }),
        ...(entry && { $push: { history: { $each: [{ ...entry, writeId }], $slice: -historyLimit } } }),
        $inc: { revision: 1 },
      } as object)
      if (!matchedCount) return undefined
      const written = { readAt: at ?? before.readAt, revision: before.revision + 1, writeId }
      return { ...after, ...purge, ...written } as Stored
    },

    async history(id) {
      await migrated()
      const found = await deferrals.findOne(byId(id), { projection: { history: 1 } })
      return found?.history ?? []
    },

    async list(query, at) {
      await migrated()
      return listing(deferrals, query, at ?? '$$NOW')
    },

    async count(query, at) {
      await migrated()
      return counting(deferrals, query, at ?? '$$NOW')
    },

    async due(query, at) {
      await migrated()
      return waking(deferrals, query, at ?? '$$NOW')
    },
  }
}

// times count from createdAt, which becomes the database's instant; purged by its clock, whatever a test's says, and spread out,
// so that what was created together is not deleted together
function firstDocument({ id, readAt, ...record }: DeferralRecord, writeId: string, entry: HistoryEntry, now: Instant) {
  const moved = (value: unknown) =>
    value instanceof Date ? { $add: [now, value.getTime() - record.createdAt.getTime()] } : { $literal: value }
  const each = (members: object) =>
    Object.fromEntries(Object.entries(members).map(([name, value]) => [name, moved(value)]))
  const { notification, ...plain } = record
  const grace = graceSeconds * 1000 * (0.9 + Math.random() * 0.2)
  const life = record.expiresAt.getTime() - record.createdAt.getTime()
  return {
    ...each(toDocument({ ...plain, schemaVersion, revision: 0, writeId })),
    ...(notification && { notification: each(notification) }),
    history: [{ ...each({ ...entry, writeId }), at: now }],
    purgeAt: { $add: ['$$NOW', Math.round(life + grace)] },
  }
}

// a majority read may not see yet what was applied; one that follows the primary's last operation does
function findInDoubt(db: Db, deferrals: Collection<DeferralDocument>, id: string, options: { projection: Document }) {
  return db.client.withSession({ causalConsistency: true }, async (session) => {
    await db.command({ ping: 1 }, { session, readPreference: 'primary' })
    return deferrals.findOne(byId(id), { ...options, session })
  })
}

function purgeMoved({ purgeAt, expiresAt }: Kept, after: DeferralRecord): { purgeAt?: Date } {
  const later = after.expiresAt.getTime() - expiresAt.getTime()
  return later ? { purgeAt: new Date(purgeAt.getTime() + later) } : {}
}

/** Runs `work` until it has succeeded once; those who come meanwhile wait for the same run. */
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
