/*
 * The state machine. A transition takes a record and the time, and returns the change, or `undefined` if its guard fails. It never
 * mutates and never waits. `transit` writes the change.
 */
import { isDeepStrictEqual } from 'node:util'
import type { By, Decision, Interaction, Progress } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import { narrowedFacts } from './narrow.js'
import { newNotification, oweNotification, postponeNotification, suppressNotification } from './notification_members.js'
import { suppress } from './notification_transitions.js'
import type { Cancellation, Exchange, NewDeferral } from './store.js'
import {
  changeOf,
  isPending,
  isUnexpired,
  isUnfinished,
  named,
  seconds,
  type Transition,
  withWakeAt,
} from './transition.js'

/** The `reason` of a cancellation: a code was used a second time. */
export const codeReused = 'code.reused'

// a browser can start any number of direct deferrals, so one that nobody polls is not kept for long
const unclaimedRetention = 3600

/** What the provider adds to every deferral. */
export interface Origin {
  issuer: string
  /** seconds from expiry or end, whichever is later, for which a record is kept */
  retention: number
}

/** A new deferral of this issuer. */
export function created(
  { expiresIn, dueIn, sealing, reachOutIn, taskSealed, ...request }: NewDeferral,
  origin: Origin,
  now: Date,
): DeferralRecord {
  const expiresAt = seconds(expiresIn, now)
  const isDirect = request.direct !== undefined
  return withWakeAt({
    ...request,
    ...origin,
    status: 'pending',
    createdAt: now,
    expiresAt,
    readAt: now,
    ...(dueIn !== undefined && { dueAt: seconds(dueIn, now) }),
    ...reachOutMember(reachOutIn, now),
    ...(taskSealed !== undefined && { task: { sealed: taskSealed, fence: 0 }, taskDue: now }),
    ...(isDirect && { retention: Math.min(origin.retention, unclaimedRetention) }),
    ...(request.handleHash !== undefined && !isDirect && { exchangedAt: now }),
    ...newNotification(sealing, false, expiresAt, now),
  })
}

/** A new deferral, cancelled at once. It replaces the mark: the authorization code was used again before it existed. */
export const createdCancelled =
  (deferral: NewDeferral, origin: Origin): Transition =>
  (mark, now) => {
    const record = created(deferral, origin, now)
    const reason = codeReused
    const members = {
      status: 'cancelled',
      cancelledAt: now,
      cancellationReason: reason,
      ...suppressNotification(record),
    }
    return changeOf(mark, { ...record, ...members }, { at: now, event: 'cancelled', reason })
  }

/** Exchanges the deferred code, once. The deferral expires `lifetime` seconds from now. */
export const exchange =
  ({ sealing, reachOutIn, ...written }: Exchange): Transition =>
  (record, now) => {
    const { status, exchangedAt, lifetime } = record
    if (exchangedAt || !isUnexpired(record, now) || status === 'cancelled') return undefined
    const expiresAt = seconds(lifetime, now)
    const notification = newNotification(sealing, status !== 'pending', expiresAt, now)
    const members = { ...written, ...notification, ...reachOutMember(reachOutIn, now), exchangedAt: now, expiresAt }
    return changeOf(record, members, { at: now, event: 'exchanged' }, true)
  }

/** Sets the progress that pending answers carry. It gets a history entry only when the step changes. */
export const progress =
  (next: Progress, by?: By): Transition =>
  (record, now) => {
    if (!isPending(record, now)) return undefined
    const { step } = next
    const isNew = record.progress?.step !== step
    const entry = { at: now, event: 'progress', step, ...named(by) }
    return changeOf(record, { progress: next }, isNew ? entry : undefined, true)
  }

/** Polls are answered `interaction_required` from now on. */
export const requireInteraction =
  (interaction: Interaction, by?: By): Transition =>
  (record, now) => {
    if (!isPending(record, now)) return undefined
    const { host } = new URL(interaction.uri)
    const entry = { at: now, event: 'interaction_required', host, ...named(by) }
    return changeOf(record, { interaction, interactionBegunAt: undefined }, entry, true)
  }

/** Removes the interaction. */
export const resume =
  (by?: By): Transition =>
  (record, now) => {
    if (!isPending(record, now) || !record.interaction) return undefined
    const entry = { at: now, event: 'resumed', ...named(by) }
    return changeOf(record, { interaction: undefined, interactionBegunAt: undefined }, entry, true)
  }

/** Approves or denies. The same write makes the notification `owed`. */
export const decide =
  (status: 'approved' | 'denied', decision: Decision): Transition =>
  (record, now) => {
    if (!isPending(record, now)) return undefined
    const facts = { ...named(decision.by), ...narrowedFacts(record, decision) }
    const members = { status, decision, decidedAt: now, assignee: undefined, ...oweNotification(record, now) }
    return changeOf(record, members, { at: now, event: status, ...facts }, true)
  }

/** Cancels a pending or approved deferral, even after its expiry. */
export const cancel =
  ({ by, reason, isByClient }: Cancellation = {}): Transition =>
  (record, now) => {
    if (!isUnfinished(record)) return undefined
    const notification = isByClient ? suppressNotification(record) : oweNotification(record, now)
    const members = { cancelledBy: by, cancellationReason: reason, assignee: undefined, ...notification }
    const cause = { ...named(by), ...(reason !== undefined && { reason }) }
    const entry = { at: now, event: 'cancelled', ...cause, ...(isByClient && { isByClient }) }
    return changeOf(record, { status: 'cancelled', cancelledAt: now, ...members }, entry)
  }

/** Moves the expiry to `expiresIn` seconds from now. */
export const extend =
  (expiresIn: number, by?: By): Transition =>
  (record, now) => {
    if (!record.exchangedAt || !isUnfinished(record) || !isUnexpired(record, now)) return undefined
    const expiresAt = seconds(expiresIn, now)
    return changeOf(
      record,
      { expiresAt, expiredAt: undefined, ...postponeNotification(record, expiresAt) },
      { at: now, event: 'extended', expiresAt, ...named(by) },
      true,
    )
  }

/** The decision that tokens were minted from, and the answer to store for the option `retryWindow`. */
export interface Minted {
  decision: Decision
  decidedAt: Date
  answer?: { sealed: string; seconds: number } | undefined
}

/**
 * The only write of a redemption. The record may have changed since the tokens were minted, so its guard compares the decision they
 * were minted from.
 */
export const redeem =
  ({ decision, decidedAt, answer }: Minted): Transition =>
  (record, now) => {
    if (record.status !== 'approved' || !record.exchangedAt || !isUnexpired(record, now)) return undefined
    const isMintedFrom =
      record.decidedAt.getTime() === decidedAt.getTime() && isDeepStrictEqual(record.decision, decision)
    if (!isMintedFrom || (decision.until && decision.until <= now)) return undefined
    const storedAnswer = answer && { answer: { sealed: answer.sealed, until: seconds(answer.seconds, now) } }
    // nothing needs the state of a finished task any more
    const task = record.taskDue === undefined ? undefined : record.task
    const members = { status: 'redeemed', redeemedAt: now, task, ...suppressNotification(record), ...storedAnswer }
    return changeOf(record, members, { at: now, event: 'redeemed' }, true)
  }

/** The client gives up a deferral that can no longer be cancelled: it is not notified, and the stored answer is erased. */
export const giveUp: Transition = (record, now) =>
  record.answer ? changeOf(record, { answer: undefined }) : suppress(record, now)

/** The member by which the provider asks the end-user so many seconds from now. */
export function reachOutMember(delay: number | undefined, now: Date): { reachOutAt?: Date } {
  return delay === undefined ? {} : { reachOutAt: seconds(delay, now) }
}
