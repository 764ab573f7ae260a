/*
 * The part of the state machine for colleagues: who works on a deferral, and comments on it. None of it is a condition of a
 * decision.
 */
import type { Assignee, By } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import { changeOf, isPending, named, seconds, type Transition } from './transition.js'

const defaultLease = 900

/** Who shall work on a deferral, and for how many seconds. */
export interface Assignment {
  to: string
  by?: By
  /** seconds, by default 900 */
  for?: number
  /** the present assignee, to take the deferral from somebody else */
  from?: string
}

/** A comment for colleagues. */
export interface Comment {
  by: By
  text: string
}

/** Who works on a deferral now. An assignment ends with its lease, the decision or the expiry. */
export function assigneeOf(record: DeferralRecord, now: Date): Assignee | undefined {
  const { assignee } = record
  return assignee && assignee.until > now && isPending(record, now) ? assignee : undefined
}

/** Assigns a pending deferral. Taking it from somebody else needs that name in `from`. */
export const assign =
  ({ to, by, for: lease = defaultLease, from }: Assignment): Transition =>
  (record, now) => {
    if (!isPending(record, now)) return undefined
    const present = assigneeOf(record, now)?.to
    const isTaken = present !== undefined && present !== to
    if (isTaken && present !== from) return undefined
    const until = seconds(lease, now)
    const assignee = { to, ...named(by), at: now, until }
    const entry = { at: now, event: 'assigned', ...named(by), to, until, ...(isTaken && { from: present }) }
    return changeOf(record, { assignee }, entry, true)
  }

/** Ends the assignment of a pending deferral. */
export const unassign =
  (by?: By): Transition =>
  (record, now) => {
    const present = assigneeOf(record, now)
    if (!present) return undefined
    const entry = { at: now, event: 'unassigned', ...named(by), from: present.to }
    return changeOf(record, { assignee: undefined }, entry, true)
  }

/** Adds a comment to the history, in every status. */
export const comment =
  ({ by, text }: Comment): Transition =>
  (record, now) =>
    changeOf(record, {}, { at: now, event: 'commented', by, text })
