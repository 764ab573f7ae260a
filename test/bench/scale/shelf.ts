import { randomBytes } from 'node:crypto'
import type { Collection, Db, Document } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import type { ListedStatus } from '../../../lib/deferral/queries.js'
import type { DeferralStore } from '../../../lib/deferral/store.js'
import { endOfTime } from '../../../lib/mongodb/store/derived.js'
import { byDue } from '../../../lib/mongodb/store/schema.js'
import { documentOf } from '../../support/many_deferrals.js'
import { issuer } from '../../support/records.js'

export type Deferrals = Collection<Document & { _id: string }>

/** How many deferrals a collection has, and how many of them are pending. */
export interface Extent {
  rows: number
  pending: number
}

/** A collection of the bench. */
export interface Shelf {
  collection: Deferrals
  store: DeferralStore
  /** the ids of its pending deferrals, or of some of them */
  pending: string[]
  /** the ids of those that the bench creates, approves and redeems */
  lives: { created: string[]; approved: string[]; ended: string[] }
}

const queues = 8
const batch = 5_000
const mostMade = 100_000
const mostIds = 20_000
const day = 86_400
const ended: ListedStatus[] = [
  'redeemed',
  'redeemed',
  'redeemed',
  'redeemed',
  'denied',
  'denied',
  'expired',
  'cancelled',
]

/** A collection of this extent: the one that an earlier run left, or a new one. Its indexes are built first or last. */
export async function shelfOf(
  db: Db,
  name: string,
  extent: Extent,
  indexes: 'first' | 'last' = 'last',
): Promise<Shelf> {
  const collection: Deferrals = db.collection(name)
  const store = mongoStore(db, { collection: name })
  const isFilled = (await collection.estimatedDocumentCount()) >= extent.rows
  if (!isFilled) {
    await collection.drop()
    if (indexes === 'first') await store.migrate()
    await fill(collection, extent)
  }
  // building all of them at once takes less time than to keep them during the load
  await store.migrate()
  const pending = await collection
    .find({ issuer, dueBy: { $lte: endOfTime } }, { projection: { _id: 1 }, hint: byDue.key as Document })
    .limit(mostIds)
    .toArray()
  return {
    collection,
    store,
    pending: pending.map(({ _id }) => _id),
    lives: { created: [], approved: [], ended: [] },
  }
}

// the database copies what this process has made: that takes a tenth of the time
async function fill(collection: Deferrals, { rows, pending }: Extent): Promise<void> {
  const copies = Math.ceil(rows / mostMade)
  const made = { rows: Math.ceil(rows / copies), pending: Math.ceil(pending / copies) }
  for (let first = 0; first < made.rows; first += batch) {
    const count = Math.min(batch, made.rows - first)
    const documents = Array.from({ length: count }, (_, nth) => one(first + nth, made))
    await collection.insertMany(documents, { ordered: false, writeConcern: { w: 1 } })
  }
  if (copies > 1) await multiply(collection, copies)
}

const half = { $toString: { $toLong: { $add: [1e10, { $multiply: [{ $rand: {} }, 8.9e10] }] } } }
const times = [
  'createdAt',
  'exchangedAt',
  'expiresAt',
  'decidedAt',
  'redeemedAt',
  'cancelledAt',
  'expiredAt',
  'dueAt',
  'overdueAt',
  'wakeAt',
  'purgeAt',
  'dueBy',
]

/** Writes so many copies of each document in place of the one, with new ids and times up to half an hour earlier. */
async function multiply(collection: Deferrals, copies: number): Promise<void> {
  const { collectionName: name } = collection
  const isDate = (member: string) => ({ $eq: [{ $type: `$${member}` }, 'date'] })
  const earlier = (member: string) => ({
    $cond: [isDate(member), { $subtract: [`$${member}`, '$earlier'] }, '$$REMOVE'],
  })
  await collection
    .aggregate([
      ...Array.from({ length: copies - 1 }, () => ({ $unionWith: name })),
      { $set: { _id: { $concat: [half, half] }, earlier: { $multiply: [{ $rand: {} }, 1_800_000] } } },
      { $set: Object.fromEntries(times.map((member) => [member, earlier(member)])) },
      { $unset: 'earlier' },
      { $out: name },
    ])
    .toArray()
}

/** The nth of so many: pending ones among those of the last three days, the others over half a year before. */
function one(nth: number, { rows, pending }: Extent): Document & { _id: string } {
  const isPending = Math.floor((nth * pending) / rows) !== Math.floor(((nth - 1) * pending) / rows)
  const age = (isPending ? Math.random() * 3 : Math.random() * 180) * day
  const createdAt = new Date(Date.now() - age * 1000)
  const dueIn = nth % 4 !== 0 || isPending ? dueInOf(age) : undefined
  const isNoted = isPending && dueIn !== undefined && dueIn < age
  return documentOf({
    issuer,
    status: isPending ? 'pending' : (ended[nth % ended.length] as ListedStatus),
    createdAt,
    request: {
      clientId: `client ${nth % 20}`,
      accountId: `account ${nth % 50_000}`,
      queue: queueOf(Math.floor(Math.random() * queues)),
      // what differs in operation, and is not compressed therefore
      handleHash: randomBytes(32).toString('base64url'),
      title: `${(Math.random() * 10_000).toFixed(2)} EUR to account ${randomBytes(6).toString('hex')}`,
      source: {
        scope: 'openid payments',
        redirectUri: 'https://client.example/callback',
        state: randomBytes(16).toString('base64url'),
        nonce: randomBytes(16).toString('base64url'),
        code_challenge: randomBytes(32).toString('base64url'),
        code_challenge_method: 'S256',
      },
      ...(dueIn !== undefined && { dueIn }),
    },
    // half a year in the test, and no TTL index must delete it meanwhile; a sweep has noted what is overdue
    members: {
      retention: 400 * day,
      ...(isNoted && { overdueAt: new Date(createdAt.getTime() + dueIn * 1000) }),
    },
  })
}

// in the past, or not within the next day: no sweep has anything to do while others are measured
function dueInOf(age: number): number {
  return Math.floor(Math.random() < 0.5 ? Math.random() * Math.min(age, 4 * day) : (4 + Math.random()) * day)
}

/** The nth queue. */
export function queueOf(nth: number): string {
  return `queue-${nth % queues}`
}
