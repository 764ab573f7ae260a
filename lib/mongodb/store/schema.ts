import type { Collection, CreateIndexesOptions, Db, Document, IndexDescription, MongoServerError } from 'mongodb'
import { ensureIndexes } from './indexes.js'

/**
 * Raise it with every change of the validator. Nodes of two versions run side by side during an upgrade, so the validator must
 * accept the documents of the previous and of the next version: a new member is optional for one version.
 */
export const schemaVersion = 3

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
  direct: { enum: ['unclaimed', 'claimed'] },
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
  interactionBegunAt: date,
  legs: { bsonType: 'array', items: object },
  reachOutAt: date,
  reachOutAttempts: count,
  reachOutRequestedAt: date,
  reachOutFault: text,
  queue: text,
  title: text,
  quorum: count,
  interval: count,
  lifetime: count,
  retention: count,
  codeHash: text,
  handleHash: text,
  binding: object,
  requestedScope: texts,
  requestedResource: texts,
  requestedDetails: json,
  source: json,
  decision: json,
  votes: json,
  answer: object,
  assignee: object,
  cancelledBy: names,
  cancellationReason: text,
  notification: object,
  ping: object,
  task: object,
  taskDue: date,
  createdAt: date,
  exchangedAt: date,
  expiresAt: date,
  decidedAt: date,
  redeemedAt: date,
  cancelledAt: date,
  expiredAt: date,
  dueAt: date,
  overdueAt: date,
  erasedAt: date,
  wakeAt: date,
  purgeAt: date,
  phase: { enum: ['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired', 'unclaimed', 'unlisted'] },
  dueBy: date,
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

type Index = IndexDescription & CreateIndexesOptions

const newest = { createdAt: -1, _id: -1 } as const

/** An index of the deferrals that have a member. */
const ofMember = (member: string) => ({ partialFilterExpression: { [member]: { $exists: true } } })

/** The index of the sweeps. It contains only deferrals that a sweep has to look at again. */
export const dueIndex = { name: 'due', key: { issuer: 1, wakeAt: 1, _id: 1 }, ...ofMember('wakeAt') } satisfies Index

export const byPhase: Index = { name: 'by_phase', key: { issuer: 1, phase: 1, ...newest } }
export const byClient: Index = { name: 'by_client', key: { issuer: 1, clientId: 1, phase: 1, ...newest } }
export const byAccount: Index = {
  name: 'by_account',
  key: { issuer: 1, accountId: 1, phase: 1, ...newest },
  ...ofMember('accountId'),
}
export const byQueue: Index = {
  name: 'by_queue',
  key: { issuer: 1, queue: 1, phase: 1, ...newest },
  ...ofMember('queue'),
}
export const byGrant: Index = { name: 'by_grant', key: { issuer: 1, grantId: 1, ...newest }, ...ofMember('grantId') }
export const byNotification: Index = {
  name: 'by_notification',
  key: { issuer: 1, 'notification.status': 1, ...newest },
  ...ofMember('notification.status'),
}

/** Only those that are pending and assigned. */
export const byAssignee: Index = {
  name: 'by_assignee',
  key: { issuer: 1, 'assignee.to': 1, ...newest },
  partialFilterExpression: { phase: 'pending', 'assignee.to': { $exists: true } },
}

/** Only those that are pending or approved. */
export const byExpiry: Index = {
  name: 'by_expiry',
  key: { issuer: 1, phase: 1, expiresAt: 1, _id: 1 },
  partialFilterExpression: { phase: { $in: ['pending', 'approved'] } },
}

/** Only those that are pending. */
export const byDue: Index = { name: 'by_due', key: { issuer: 1, dueBy: 1, _id: 1 }, ...ofMember('dueBy') }

/** Only those that are pending, with everything that `stats` needs. */
export const byQueueDue: Index = {
  name: 'by_queue_due',
  key: { issuer: 1, queue: 1, dueBy: 1, _id: 1, createdAt: 1, expiresAt: 1 },
  ...ofMember('dueBy'),
}

/** The indexes that have no phase because they hold nothing but pending deferrals. */
export const ofPending: readonly IndexDescription[] = [byDue, byQueueDue]

/** The index that deletes. */
export const purge: Index = { name: 'purge', key: { purgeAt: 1 }, expireAfterSeconds: 0 }
const ofOne = [byClient, byAccount, byQueue, byGrant, byAssignee, byNotification]
/** All indexes of the store. */
export const indexes: Index[] = [purge, dueIndex, byPhase, ...ofOne, byExpiry, byDue, byQueueDue]

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
  if (versionOf(info) < version) await db.command({ collMod: name, validator: validatorOf(version) })
}

/** The version of a collection's validator; 0 without one of ours. */
export function versionOf(info: Document | undefined): number {
  const title = info?.options?.validator?.$jsonSchema?.title
  const [, version = 0] = new RegExp(`^${tag} (\\d+)$`).exec(title ?? '') ?? []
  return Number(version)
}
