import type { Deferral, HistoryEntry } from '../deferral/deferral.js'

/** The current record, and whether this call changed it. A conflict never overwrites. */
export interface Transition {
  deferral: Deferral
  changed: boolean
}

/** A deferral with its history, oldest entry first. */
export type Reviewed = Deferral & { history: HistoryEntry[] }
