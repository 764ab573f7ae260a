import type { Deferral } from '../deferral/deferral.js'

/** The current record, and whether this call changed it. A conflict never overwrites. */
export interface Transition {
  deferral: Deferral
  changed: boolean
}
