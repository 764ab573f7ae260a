import type { Document } from 'mongodb'
import type { Stored } from '../../deferral/store.js'
import { fromDocument } from '../../store/json_members.js'

/** A deferral as a document; its `_id` is the internal id. */
export type DeferralDocument = Document & { _id: string }

/** The instant that decides: a test clock's, or the database's own. */
export type Instant = Date | '$$NOW'

/** The record, and what the store adds to it. */
export type MongoRecord = Stored & { purgeAt: Date }

// the document as one value: a projection of its many members costs database and driver more than decoding them
const stored = { $unsetField: { field: 'history', input: '$$ROOT' } }

/** What a read returns: the document without its history, and the time of the read by the clock that decides. */
export function projection(now: Instant): Document {
  return { _id: 0, stored, readAt: now }
}

/** The record in a document that was read with `projection`. */
export function toRecord({ stored, readAt }: Document): MongoRecord {
  return fromDocument(Object.assign(stored, { id: stored._id, readAt }))
}
