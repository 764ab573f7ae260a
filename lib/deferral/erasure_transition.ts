/*
 * The part of the state machine that erases personal data. Both lists are allowlists: a member that is not in the first one is
 * erased, and a later change of a member that is not in the second one is refused.
 */
import type { By } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import { bookkeeping, difference } from './difference.js'
import { othersOf } from './history.js'
import { channels } from './notification.js'
import { suppressNotification } from './notification_members.js'
import type { Change } from './store.js'
import { changeOf, isUnfinished, type Transition } from './transition.js'
import { cancel } from './transitions.js'

/** The members that an erasure leaves as they are. */
const lastingMembers = new Set([
  'issuer',
  'profile',
  'clientId',
  'grantType',
  'queue',
  'quorum',
  'interval',
  'lifetime',
  'retention',
  // the client's key and the hashes of its handles: it still polls
  'codeHash',
  'handleHash',
  'binding',
  'direct',
  'status',
  'createdAt',
  'exchangedAt',
  'expiresAt',
  'expiredAt',
  'dueAt',
  'overdueAt',
  'decidedAt',
  'redeemedAt',
  'cancelledAt',
  'cancellationReason',
])

/** The members that may change after an erasure, and the history entries that may follow it. */
const changingMembers = new Set(['notification', 'ping', 'task', 'taskDue', 'expiredAt', 'wakeAt'])
const laterEvents = new Set([
  'expired',
  'notification_attempted',
  'notified',
  'notification_postponed',
  'notification_failed',
  'notification_suppressed',
  'task_noted',
])

/** The first of two steps: cancels a deferral that is pending or approved, and was unexpired when it was read. */
export const cancelOpen =
  (by?: By): Transition =>
  (record, now) =>
    isOpen(record) ? cancel({ by })(record, now) : undefined

/**
 * The second step: erases the personal data of a deferral that has ended or expired. A notification that has to be sent keeps its
 * secrets until it is delivered or has failed: the client must learn of the end.
 */
export const erase =
  (by?: By): Transition =>
  (record, now) => {
    if (record.erasedAt || isOpen(record)) return undefined
    // the person may have acted, on a confirmation page say
    const erasedNames = record.accountId === undefined ? [] : [record.accountId]
    const members = {
      ...withoutPersonalData(record, erasedNames),
      ...notificationOf(record),
      ...taskOf(record),
      erasedAt: now,
    }
    const entry = { at: now, event: 'erased', ...othersOf(by, erasedNames) }
    return { ...changeOf(record, members, entry), erasedNames }
  }

/** The same transition; after an erasure it is refused if it could write personal data again. */
export const unlessErased =
  (transition: Transition): Transition =>
  (record, now) => {
    const change = transition(record, now)
    return change && record.erasedAt && !isPermitted(record, change) ? undefined : change
  }

// compared with the time of the read, which is never ahead of the store's clock: an unexpired deferral must be cancelled first
function isOpen(record: DeferralRecord): boolean {
  return isUnfinished(record) && record.expiresAt > record.readAt
}

function withoutPersonalData(record: DeferralRecord, erasedNames: readonly string[]): object {
  const others = Object.keys(record).filter((name) => !lastingMembers.has(name) && !bookkeeping.has(name))
  const { decision } = record as { decision?: { by?: By } }
  return {
    ...Object.fromEntries(others.map((name) => [name, undefined])),
    scope: [],
    resource: [],
    source: {},
    cancelledBy: othersOf(record.cancelledBy, erasedNames).by,
    ...(decision && { decision: othersOf(decision.by, erasedNames) }),
  }
}

function notificationOf(record: DeferralRecord): object {
  const owed = channels.flatMap((channel) => (record[channel]?.status === 'owed' ? [[channel, record[channel]]] : []))
  return { ...suppressNotification(record), ...Object.fromEntries(owed) }
}

// a task that is not finished keeps its state: the other service must learn of the end
function taskOf({ task, taskDue }: DeferralRecord): object {
  return taskDue === undefined ? {} : { task, taskDue }
}

function isPermitted(record: DeferralRecord, { after, entry }: Change): boolean {
  const { set, unset } = difference(record, after)
  const isChanging = [...Object.keys(set), ...unset].every((name) => changingMembers.has(name))
  return isChanging && (entry === undefined || laterEvents.has(entry.event))
}
