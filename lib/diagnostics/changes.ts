import type { HistoryEntry } from '../deferral/deferral.js'
import type { DeferralRecord } from '../deferral/deferral_record.js'
import { eventsOf, type Subscriber } from '../deferral/events.js'
import { isUnclaimed } from '../deferral/transition.js'
import { type ChangeMessage, changeChannel, type DeferralFacts, linkChannel } from './channels.js'

// W3C Trace Context, section 3.2
const traceparentFormat = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** The facts of a deferral that messages may carry. */
export function factsOf({ id, profile, queue }: DeferralFacts): DeferralFacts {
  return { id, profile, ...(queue !== undefined && { queue }) }
}

/** Publishes a change that this process has written, once for each event. */
export const publishChange: Subscriber = (record, entry) => {
  if (!changeChannel.hasSubscribers || isUnclaimed(record)) return
  for (const event of eventsOf(entry)) changeChannel.publish(changeOf(record, event))
}

function changeOf(record: DeferralRecord, event: ChangeMessage['event']): ChangeMessage {
  const { issuer, status, createdAt } = record
  return {
    issuer,
    ...factsOf(record),
    event,
    status,
    createdAt,
    ...('decidedAt' in record && record.decidedAt && { decidedAt: record.decidedAt }),
    ...('redeemedAt' in record && { redeemedAt: record.redeemedAt }),
  }
}

/** The `traceparent` to store with a change that is about to be written: that of a subscriber. */
export function traceparentOf(record: DeferralRecord, { event }: HistoryEntry): string | undefined {
  if (!linkChannel.hasSubscribers) return undefined
  const { issuer, id, traceparent: previous } = record
  const message = { issuer, id, event, ...(previous !== undefined && { previous }) }
  return publishLink(message)
}

function publishLink(message: { issuer: string; id: string; event: string; traceparent?: string }): string | undefined {
  linkChannel.publish(message)
  const { traceparent } = message
  return traceparent !== undefined && traceparentFormat.test(traceparent) ? traceparent : undefined
}
