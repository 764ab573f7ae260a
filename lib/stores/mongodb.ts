import type { Collection, Db, Document, Filter } from 'mongodb'
import type { DeferralRecord } from '../deferral/deferral.js'
import type { DeferralStore } from '../deferral/store.js'
import { assertMembers } from '../options_error.js'
import {
  type DeferralDocument,
  type Instant,
  projection,
  seconds,
  toMembers,
  toRecord,
  unexpired,
} from './mongodb_document.js'
import { listing } from './mongodb_listing.js'
import { begin, erase, notificationVerbs, owe, prolong, suppressed } from './mongodb_notification.js'
import { migrateDeferrals, schemaVersion } from './mongodb_schema.js'

const unfinished = { status: { $in: ['pending', 'approved'] } }
const graceSeconds = 86_400

const literal = <T>(value: T) => ({ $literal: value })

// purged by the database's clock, whatever a test's says; spread out, so that what was created together is not deleted together
function expiring(count: unknown, now: Instant): Document {
  const grace = Math.round(graceSeconds * (0.9 + Math.random() * 0.2))
  return { expiresAt: seconds(count, now), purgeAt: seconds({ $add: [count, grace] }, '$$NOW') }
}

// an id from an integrator's console may be anything: undefined, or an operator that matches somebody else's deferral
const byId = (id: string) => ({ _id: String(id) })

/**
 * The production store: one document per deferral, every transition one conditional update of it by `_id`, acknowledged by a
 * majority, timed by the database's clock. `migrate()` creates collection, validator and indexes; unless `migrate: false`
 * it runs once on first use.
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
    writeConcern: { w: 'majority' },
    promoteValues: true,
  })
  let isReady = !migrate
  let migration: Promise<void> | undefined

  async function prepare(): Promise<void> {
    migration ??= migrateDeferrals(db, deferrals)
    try {
      await migration
      isReady = true
    } finally {
      migration = undefined
    }
  }

  async function transition(
    id: string,
    now: Instant,
    guard: Filter<DeferralDocument>,
    change: Document | Document[],
    upsert = false,
  ): Promise<DeferralRecord | undefined> {
    if (!isReady) await prepare()
    const options = { returnDocument: 'after', projection: projection(now), upsert } as const
    const document = await deferrals.findOneAndUpdate({ ...guard, ...byId(id) }, [change].flat(), options)
    return document ? toRecord(document) : undefined
  }

  return {
    migrate: () => migrateDeferrals(db, deferrals),

    async create({ id, expiresIn, sealing, ...request }, at) {
      const now = at ?? '$$NOW'
      const fixed = literal({ ...toMembers(request), schemaVersion, status: 'pending', fence: 0 })
      const times = {
        createdAt: now,
        ...(request.handleHash !== undefined && { exchangedAt: now }),
        ...expiring(expiresIn, now),
        ...begin(sealing, false, seconds(expiresIn, now), now),
      }
      const created = { $mergeObjects: [{ _id: id }, fixed, times] }
      // a document with this id does not match, and inserting a second one is refused
      const record = await transition(id, now, { status: { $exists: false } }, { $replaceWith: created }, true)
      return record as DeferralRecord
    },

    async find(id, at) {
      if (!isReady) await prepare()
      const document = await deferrals.findOne(byId(id), { projection: projection(at ?? '$$NOW') })
      return document ? toRecord(document) : undefined
    },

    async list(query, at) {
      if (!isReady) await prepare()
      return listing(deferrals, query, at ?? '$$NOW')
    },

    async exchange(id, { sealing, ...exchange }, at) {
      const now = at ?? '$$NOW'
      const unused = { status: { $in: ['pending', 'approved', 'denied'] }, exchangedAt: { $exists: false } }
      const kept = Object.entries(toMembers(exchange))
      const members = Object.fromEntries(kept.map(([member, value]) => [member, literal(value)]))
      const isDecided = { $ne: ['$status', 'pending'] }
      const told = begin(sealing, isDecided, seconds('$lifetime', now), now)
      const change = { ...members, ...told, exchangedAt: now, ...expiring('$lifetime', now) }
      return transition(id, now, { ...unused, $expr: unexpired(now) }, { $set: change })
    },

    async progress(id, progress, at) {
      const now = at ?? '$$NOW'
      return transition(
        id,
        now,
        { status: 'pending', $expr: unexpired(now) },
        { $set: { progress: literal(progress) } },
      )
    },

    async requireInteraction(id, interaction, at) {
      const now = at ?? '$$NOW'
      const change = { $set: { interaction: literal(interaction) } }
      return transition(id, now, { status: 'pending', $expr: unexpired(now) }, change)
    },

    async resume(id, at) {
      const now = at ?? '$$NOW'
      const guard = { status: 'pending', interaction: { $exists: true }, $expr: unexpired(now) }
      return transition(id, now, guard, { $unset: ['interaction'] })
    },

    async decide(id, status, decision, at) {
      const now = at ?? '$$NOW'
      const change = { status, decision: literal(JSON.stringify(decision)), decidedAt: now, ...owe(now) }
      return transition(id, now, { status: 'pending', $expr: unexpired(now) }, { $set: change })
    },

    async cancel(id, { by, isByClient } = {}, at) {
      const now = at ?? '$$NOW'
      const told = isByClient ? suppressed : owe(now)
      const named = by !== undefined && { cancelledBy: literal(by) }
      const change = { $set: { status: 'cancelled', cancelledAt: now, ...named, ...told } }
      return transition(id, now, unfinished, isByClient ? [change, erase] : change)
    },

    async extend(id, expiresIn, at) {
      const now = at ?? '$$NOW'
      const guard = { ...unfinished, exchangedAt: { $exists: true }, $expr: unexpired(now) }
      const change = { ...expiring(expiresIn, now), ...prolong(seconds(expiresIn, now)) }
      return transition(id, now, guard, { $set: change })
    },

    async claim(id, claimId, lease, at) {
      const now = at ?? '$$NOW'
      // an absent claim compares as less than any date
      const unclaimed = { $lte: ['$claim.until', now] }
      const guard = { status: 'approved', exchangedAt: { $exists: true }, $expr: { $and: [unexpired(now), unclaimed] } }
      const fence = { $add: ['$fence', 1] }
      return transition(id, now, guard, { $set: { fence, claim: { id: claimId, fence, until: seconds(lease, now) } } })
    },

    async finalise(id, claim, at) {
      const now = at ?? '$$NOW'
      // 'redeemed' by this very claim: an earlier attempt succeeded and only its reply was lost
      const guard = { status: { $in: ['approved', 'redeemed'] }, 'claim.id': claim.id, fence: claim.fence }
      const change = { status: 'redeemed', redeemedAt: { $ifNull: ['$redeemedAt', now] }, ...suppressed }
      return transition(id, now, guard, [{ $set: change }, erase])
    },

    async release(id, claimId, at) {
      const now = at ?? '$$NOW'
      return transition(id, now, { status: 'approved', 'claim.id': claimId }, { $set: { 'claim.until': now } })
    },

    ...notificationVerbs(transition, async () => {
      if (!isReady) await prepare()
      return deferrals
    }),
  }
}
