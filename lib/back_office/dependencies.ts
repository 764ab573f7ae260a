import type { DeferralRecord } from '../deferral/deferral.js'
import type { Narrowing } from '../deferral/narrow.js'
import type { Records } from '../deferral/records.js'

/** The dependencies of the back office. */
export interface DeferralsDependencies {
  records: Records
  narrowing: Narrowing
  /** end of the host's Grant of a deferral; `undefined`: never, `gone`: the Grant does not exist any more */
  grantExpiry: (record: DeferralRecord) => Promise<Date | 'gone' | undefined>
  /** ends the background work of this node */
  close: () => Promise<void>
}
