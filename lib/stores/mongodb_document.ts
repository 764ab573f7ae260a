import type { Document } from 'mongodb'
import type { DeferralRecord } from '../deferral/deferral.js'
import { jsonMembers } from './mongodb_schema.js'

/** A deferral as a document; its `_id` is the internal id. */
export type DeferralDocument = Document & { _id: string }

/** The instant that decides: a test clock's, or the database's own. */
export type Instant = Date | '$$NOW'

/** Whether a deferral has not expired, as an expression. */
export const unexpired = (now: Instant) => ({ $gt: ['$expiresAt', now] })

/** So many seconds from now, as an expression. */
export const seconds = (count: unknown, now: Instant) => ({ $add: [now, { $multiply: [count, 1000] }] })

// the whole document as one value: naming its many members costs database and driver more than decoding them
const storedNow: Document = { _id: 0, stored: '$$ROOT', readAt: '$$NOW' }

/** What is read back: the document and the instant of the reading, by the clock that decides. */
export function projection(now: Instant): Document {
  return now === '$$NOW' ? storedNow : { ...storedNow, readAt: now }
}

/** The record in a document that was read with `projection`. */
export function toRecord({ stored, readAt }: Document): DeferralRecord {
  for (const name of jsonMembers) if (stored[name] !== undefined) stored[name] = JSON.parse(stored[name])
  if (stored.decision?.until) stored.decision.until = new Date(stored.decision.until)
  return Object.assign(stored, { id: stored._id, readAt })
}

/** The members of a record as they are kept. */
export function toMembers(record: object): Document {
  const members: Document = { ...record }
  for (const name of jsonMembers) if (members[name] !== undefined) members[name] = JSON.stringify(members[name])
  return members
}
