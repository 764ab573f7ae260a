import type { Document } from 'mongodb'
import type { ListedRecord, Stored } from '../../deferral/store.js'
import { fromDocument } from '../../store/json_members.js'

/** A deferral as a document; its `_id` is the internal id. */
export type DeferralDocument = Document & { _id: string }

/** The current time: of a test clock, or of the database. */
export type Instant = Date | '$$NOW'

/** A record, with the member that this store adds. */
export type MongoRecord = Stored & { purgeAt: Date }

// an integrator's console may pass any value as id: undefined, or a query operator that matches another deferral
/** The query of one deferral. */
export const byId = (id: string) => ({ _id: String(id) })

// the document as one value: projecting its many members one by one costs the database and the driver more
const stored = { $unsetField: { field: 'history', input: '$$ROOT' } }

/** The projection of a read: the document without its history, and the time of the read. */
export function projection(now: Instant): Document {
  return { _id: 0, stored, readAt: now }
}

/** The same with the history. */
export function projectionWithHistory(now: Instant): Document {
  return { _id: 0, stored: '$$ROOT', readAt: now }
}

/** The record in a document that was read with `projection`. */
export function toRecord({ stored, readAt }: Document): MongoRecord {
  // in place: copying all members takes longer than decoding them
  delete stored.phase
  delete stored.dueBy
  return fromDocument(Object.assign(stored, { id: stored._id, readAt }))
}

/** The record in a document that was read with `projectionWithHistory`. */
export function toListedRecord(document: Document): ListedRecord {
  return { history: [], ...toRecord(document) }
}
