import type { DeferralRecord } from './deferral_record.js'
import { seconds } from './transition.js'

interface End {
  decidedAt?: Date
  redeemedAt?: Date
  cancelledAt?: Date
}

/** When a store may delete the record: `retention` seconds after its expiry or its end, whichever is later. */
export function retainedUntil(record: DeferralRecord): Date {
  return seconds(record.retention, latestEnd(record))
}

/** The expiry or the end of a deferral, whichever is later. */
export function latestEnd(record: DeferralRecord): Date {
  const { expiresAt, decidedAt, redeemedAt, cancelledAt } = record as DeferralRecord & End
  const instants = [expiresAt, decidedAt, redeemedAt, cancelledAt].map((instant) => instant?.getTime() ?? 0)
  return new Date(Math.max(...instants))
}
