import { isDeepStrictEqual } from 'node:util'
import type { Collection, CreateIndexesOptions, Db, Document, IndexDescription, MongoServerError } from 'mongodb'
import { ensureIndexes } from './mongodb_indexes.js'

/** Raised when documents of an earlier version need more than a new validator. */
export const schemaVersion = 1

const date = { bsonType: 'date' }
const text = { bsonType: 'string' }
const texts = { bsonType: 'array', items: text }
const object = { bsonType: 'object' }
const json = { bsonType: 'string', description: 'JSON text' }
const count = { bsonType: ['int', 'long', 'double'], minimum: 0 }

const properties: Record<string, Document> = {
  _id: { bsonType: 'string', minLength: 22, maxLength: 22 },
  schemaVersion: { enum: [schemaVersion] },
  profile: { enum: ['openid', 'oauth'] },
  status: { enum: ['pending', 'approved', 'denied', 'cancelled', 'redeemed'] },
  clientId: text,
  accountId: text,
  grantId: text,
  grantType: text,
  scope: texts,
  resource: texts,
  authorizationDetails: json,
  claims: json,
  context: json,
  progress: object,
  interaction: object,
  interval: count,
  lifetime: count,
  codeHash: text,
  handleHash: text,
  binding: object,
  requestedResource: texts,
  requestedDetails: json,
  source: json,
  decision: json,
  claim: object,
  fence: count,
  cancelledBy: text,
  notification: object,
  createdAt: date,
  exchangedAt: date,
  expiresAt: date,
  decidedAt: date,
  redeemedAt: date,
  cancelledAt: date,
  purgeAt: date,
}

const required = [
  'schemaVersion',
  'profile',
  'status',
  'clientId',
  'scope',
  'resource',
  'interval',
  'lifetime',
  'source',
  'fence',
  'createdAt',
  'expiresAt',
  'purgeAt',
]

/**
 * Kept as JSON text: their keys come from requests, and BSON would refuse or reinterpret some (`$ref`, `_bsontype`, NUL, deep
 * nesting).
 */
export const jsonMembers = Object.keys(properties).filter((name) => properties[name] === json)

const validator = { $jsonSchema: { bsonType: 'object', required, properties } }

/** The index that workers sweep: only deferrals whose client may have to be told something are in it. */
export const dueIndex = 'notification_due'

/** Each index and the query that needs it. */
const indexes: (IndexDescription & CreateIndexesOptions)[] = [
  { name: 'purge', key: { purgeAt: 1 }, expireAfterSeconds: 0 },
  { name: 'newest', key: { createdAt: -1, _id: -1 } },
  { name: 'by_status', key: { status: 1, createdAt: -1, _id: -1 } },
  { name: 'by_client', key: { clientId: 1, createdAt: -1, _id: -1 } },
  { name: 'by_account', key: { accountId: 1, createdAt: -1, _id: -1 } },
  {
    name: dueIndex,
    key: { 'notification.due': 1, _id: 1 },
    partialFilterExpression: { 'notification.due': { $exists: true } },
  },
  {
    name: 'by_notification',
    key: { 'notification.status': 1, createdAt: -1, _id: -1 },
    partialFilterExpression: { 'notification.status': { $exists: true } },
  },
]

/** Creates collection, validator and indexes. Idempotent, and safe when several nodes start at once. */
export async function migrateDeferrals<T extends Document>(db: Db, collection: Collection<T>): Promise<void> {
  try {
    await db.createCollection(collection.collectionName, { validator })
  } catch (error) {
    if ((error as MongoServerError).codeName !== 'NamespaceExists') throw error
    await modernise(db, collection.collectionName)
  }
  await ensureIndexes(collection, indexes)
}

// looks before it changes: collMod takes a lock, and rights that a node at run time may not have
async function modernise(db: Db, name: string): Promise<void> {
  const [info] = await db.listCollections({ name }).toArray()
  const { options } = info as { options?: { validator?: Document } }
  if (!isDeepStrictEqual(options?.validator, validator)) await db.command({ collMod: name, validator })
}
