import type { Collection, CreateIndexesOptions, Db, Document, IndexDescription, MongoServerError } from 'mongodb'
import { ensureIndexes } from './indexes.js'

/**
 * Raise it with every change of the validator. Nodes of two versions run side by side during an upgrade, so the validator must
 * accept the documents of the previous and of the next version: a new member is optional for one version.
 */
export const schemaVersion = 2

const date = { bsonType: 'date' }
const text = { bsonType: 'string' }
const texts = { bsonType: 'array', items: text }
const names = { bsonType: ['string', 'array'], items: text }
const object = { bsonType: 'object' }
const json = { bsonType: 'string', description: 'JSON text' }
const count = { bsonType: ['int', 'long', 'double'], minimum: 0 }

const properties: Record<string, Document> = {
  _id: { bsonType: 'string', minLength: 22, maxLength: 22 },
  schemaVersion: { bsonType: ['int', 'long', 'double'], minimum: 2 },
  issuer: text,
  revision: count,
  writeId: text,
  history: { bsonType: 'array', items: object },
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
  requestedScope: texts,
  requestedResource: texts,
  requestedDetails: json,
  source: json,
  decision: json,
  answer: object,
  assignee: object,
  cancelledBy: names,
  cancellationReason: text,
  notification: object,
  createdAt: date,
  exchangedAt: date,
  expiresAt: date,
  decidedAt: date,
  redeemedAt: date,
  cancelledAt: date,
  expiredAt: date,
  wakeAt: date,
  purgeAt: date,
}

const required = [
  'schemaVersion',
  'issuer',
  'revision',
  'writeId',
  'profile',
  'status',
  'clientId',
  'scope',
  'resource',
  'interval',
  'lifetime',
  'source',
  'createdAt',
  'expiresAt',
  'purgeAt',
]

const tag = 'oidc-provider-deferred'

function validatorOf(version: number): Document {
  return { $jsonSchema: { bsonType: 'object', title: `${tag} ${version}`, required, properties } }
}

/** The index of the sweeps. It contains only deferrals that a sweep has to look at again. */
export const dueIndex = {
  name: 'due',
  key: { issuer: 1, wakeAt: 1, _id: 1 },
  partialFilterExpression: { wakeAt: { $exists: true } },
} as const

const newest = { createdAt: -1, _id: -1 } as const

/** Each index and the query that needs it. */
const indexes: (IndexDescription & CreateIndexesOptions)[] = [
  { name: 'purge', key: { purgeAt: 1 }, expireAfterSeconds: 0 },
  { name: 'newest', key: { issuer: 1, ...newest } },
  { name: 'by_status', key: { issuer: 1, status: 1, ...newest } },
  { name: 'by_client', key: { issuer: 1, clientId: 1, ...newest } },
  { name: 'by_account', key: { issuer: 1, accountId: 1, ...newest } },
  {
    name: 'by_grant',
    key: { issuer: 1, grantId: 1, ...newest },
    partialFilterExpression: { grantId: { $exists: true } },
  },
  dueIndex,
  {
    name: 'by_notification',
    key: { issuer: 1, 'notification.status': 1, ...newest },
    partialFilterExpression: { 'notification.status': { $exists: true } },
  },
]

/** Creates collection, validator and indexes. Idempotent, and safe when several nodes start at once. */
export async function migrateDeferrals<T extends Document>(
  db: Db,
  collection: Collection<T>,
  version = schemaVersion,
): Promise<void> {
  try {
    await db.createCollection(collection.collectionName, { validator: validatorOf(version) })
  } catch (error) {
    if ((error as MongoServerError).codeName !== 'NamespaceExists') throw error
    await raiseValidator(db, collection.collectionName, version)
  }
  await ensureIndexes(collection, indexes)
}

// A validator of a later version stays: it accepts the documents of this version. collMod runs only if needed: it takes a lock, and
// needs privileges that a node may not have at run time
async function raiseValidator(db: Db, name: string, version: number): Promise<void> {
  const [info] = await db.listCollections({ name }).toArray()
  const { options } = info as { options?: { validator?: { $jsonSchema?: { title?: string } } } }
  const [, existing = 0] = new RegExp(`^${tag} (\\d+)$`).exec(options?.validator?.$jsonSchema?.title ?? '') ?? []
  if (Number(existing) < version) await db.command({ collMod: name, validator: validatorOf(version) })
}
