import type { HistoryEntry } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import type { Transition } from './transition.js'

/** The W3C `traceparent` of the current work, if it is traced. Called before the change is written. */
export type TraceparentOf = (record: DeferralRecord, entry: HistoryEntry) => string | undefined

/** The steps that later ones are linked to. */
const linkedEvents = ['created', 'approved', 'denied', 'cancelled']

/** The member of the record that a change with this entry writes. */
export function traceContext(traceparentOf: TraceparentOf, record: DeferralRecord, entry: HistoryEntry): object {
  const traceparent = traceparentOf(record, entry)
  return traceparent !== undefined && linkedEvents.includes(entry.event) ? { traceparent } : {}
}

/** The same transition; creations and decisions also write the `traceparent`. */
export const withTraceContext =
  (transition: Transition, traceparentOf: TraceparentOf): Transition =>
  (record, now) => {
    const change = transition(record, now)
    if (!change?.entry) return change
    return { ...change, after: { ...change.after, ...traceContext(traceparentOf, record, change.entry) } }
  }
