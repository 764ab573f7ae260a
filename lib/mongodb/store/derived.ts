import type { DeferralRecord } from '../../deferral/deferral_record.js'
import type { FilterStatus } from '../../deferral/queries.js'
import { isUnclaimed, isUnfinished } from '../../deferral/transition.js'

/**
 * The status of a listing, as far as the sweeps have noticed it: `expired` is pending or approved with an `expiredAt`. `unlisted`:
 * a direct deferral that ended before its first poll.
 */
export type Phase = FilterStatus

/** `dueBy` of a deferral without `dueAt`: the last instant of a `Date`. */
export const endOfTime = new Date(8.64e15)

/** Members that only the indexes of this store need. No record has them. */
export interface Derived {
  phase: Phase
  /** only while it is pending */
  dueBy?: Date
}

/** The derived members of a record. */
export function derivedMembers(record: DeferralRecord): Derived {
  const phase = phaseOf(record)
  return { phase, ...(phase === 'pending' && { dueBy: record.dueAt ?? endOfTime }) }
}

function phaseOf(record: DeferralRecord): Phase {
  const isExpired = record.expiredAt && isUnfinished(record)
  if (isUnclaimed(record)) return record.status === 'pending' && !isExpired ? 'unclaimed' : 'unlisted'
  return isExpired ? 'expired' : record.status
}
