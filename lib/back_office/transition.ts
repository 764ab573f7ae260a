import type { Deferral, HistoryEntry } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import type { Records } from '../deferral/records.js'
import type { Stored } from '../deferral/store.js'
import type { Transition as RecordTransition } from '../deferral/transition.js'

/** The current record, and whether this call changed it. A conflict never overwrites. */
export interface Transition {
  deferral: Deferral
  changed: boolean
}

/** A deferral with its history, oldest entry first. */
export type Reviewed = Deferral & { history: HistoryEntry[] }

/** The record with this id. Rejects with `code: 'ERR_DEFERRAL_NOT_FOUND'`. */
export async function find(records: Records, id: string): Promise<Stored> {
  const record = await records.find(id)
  if (!record) throw Object.assign(new Error('no deferral has this id'), { code: 'ERR_DEFERRAL_NOT_FOUND' })
  return record
}

/** Applies a transition to the record with this id; `snapshot`, if the caller has the record, saves a read. */
export async function change(
  records: Records,
  id: string,
  transition: RecordTransition,
  snapshot?: Stored,
): Promise<Transition> {
  const written = await records.transit(id, transition, snapshot)
  return { deferral: describe(written ?? (await find(records, id))), changed: written !== undefined }
}
