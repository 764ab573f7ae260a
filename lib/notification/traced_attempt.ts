import type { DeferralRecord } from '../deferral/deferral_record.js'
import type { Channel, Settlement } from '../deferral/notification.js'
import { factsOf } from '../diagnostics/changes.js'
import { type OperationMessage, traced } from '../diagnostics/channels.js'

/** Makes an attempt at a notification; published with its result. */
export function tracedAttempt(
  record: DeferralRecord,
  channel: Channel,
  attempt: () => Promise<Settlement>,
): Promise<Settlement> {
  const { issuer, traceparent } = record
  const message: OperationMessage = {
    issuer,
    ...factsOf(record),
    attempt: record[channel]?.attempts ?? 1,
    ...(traceparent !== undefined && { traceparent }),
  }
  return traced('notify', message, attempt, attemptFacts)
}

// the reason of a failure may name an address
function attemptFacts(settlement: Settlement | undefined): Partial<OperationMessage> {
  if (!settlement) return {}
  const answer = 'answer' in settlement ? settlement.answer : undefined
  return { outcome: settlement.status, ...(answer !== undefined && { status: answer }) }
}
