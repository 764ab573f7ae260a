import { randomBytes } from 'node:crypto'
import type { Collection, Db, Document } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import type { DeferralStore, ListedStatus } from '../../../lib/deferral/store.js'
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
const batchesAtOnce = 4
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

async function fill(collection: Deferrals, extent: Extent): Promise<void> {
  let made = 0
  const work = async () => {
    while (made < extent.rows) {
      const first = made
      made += batch
      const documents = Array.from({ length: Math.min(batch, extent.rows - first) }, (_, nth) =>
        one(first + nth, extent),
      )
      await collection.insertMany(documents, { ordered: false, writeConcern: { w: 1 } })
    }
  }
  await Promise.all(Array.from({ length: batchesAtOnce }, work))
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
