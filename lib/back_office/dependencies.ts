import type { DeferralRecord } from '../deferral/deferral_record.js'
import type { Narrowing } from '../deferral/narrow.js'
import type { Records } from '../deferral/records.js'

/** The dependencies of the back office. */
export interface DeferralsDependencies {
  records: Records
  narrowing: Narrowing
  /** end of the host's Grant of a deferral; `undefined`: never, `gone`: the Grant does not exist any more */
  grantExpiry: (record: DeferralRecord) => Promise<Date | 'gone' | undefined>
  /** how often an end-user may be asked over CIBA; `undefined`: `ciba.reachOut` is off */
  maxLegs?: number | undefined
  /** calls back with the ids of deferrals that any node has changed, where the store can tell */
  watch?: (onChange: (id: string) => void) => void
  /** ends the background work of this node */
  close: () => Promise<void>
}
