/*
 * The state machine. A transition takes a record and the instant, and returns what becomes of the record, or nothing when its
 * guard fails. It never mutates and never waits; `transit` writes what it returns.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Decision, DeferralRecord, Interaction, Progress } from './deferral.js'
import { begun, lapsed, owed, postponed, suppress, suppressed } from './notification_transitions.js'
import type { Cancellation, Exchange, NewDeferral } from './store.js'
import { changed, isUnexpired, isUnfinished, seconds, type Transition, withWakeAt } from './transition.js'

const isPending = (record: DeferralRecord, now: Date) => record.status === 'pending' && isUnexpired(record, now)

/** A new deferral of this issuer. */
export function created({ expiresIn, sealing, ...request }: NewDeferral, issuer: string, now: Date): DeferralRecord {
  const expiresAt = seconds(expiresIn, now)
  return withWakeAt({
    ...request,
    issuer,
    status: 'pending',
    createdAt: now,
    expiresAt,
    readAt: now,
    ...(request.handleHash !== undefined && { exchangedAt: now }),
    ...begun(sealing, false, expiresAt, now),
  })
}

/** A new deferral that is cancelled at once and replaces a mark: its code was used again before it existed. */
export const createdCancelled =
  (deferral: NewDeferral, issuer: string): Transition =>
  (mark, now) => {
    const record = created(deferral, issuer, now)
    const members = { status: 'cancelled', cancelledAt: now, ...suppressed(record) }
    return changed(mark, { ...record, ...members }, { at: now, event: 'cancelled' })
  }

/** Exchanges the deferred code, once. Expiry starts anew. */
export const exchange =
  ({ sealing, ...exchanged }: Exchange): Transition =>
  (record, now) => {
    const { status, exchangedAt, lifetime } = record
    if (exchangedAt || !isUnexpired(record, now) || status === 'cancelled') return undefined
    const expiresAt = seconds(lifetime, now)
    const notification = begun(sealing, status !== 'pending', expiresAt, now)
    const members = { ...exchanged, ...notification, exchangedAt: now, expiresAt }
    return changed(record, members, { at: now, event: 'exchanged' }, true)
  }

/** Sets the progress that pending answers carry. It gets a history entry only when the step changes. */
export const progress =
  (given: Progress): Transition =>
  (record, now) => {
    if (!isPending(record, now)) return undefined
    const { step } = given
    const isNew = record.progress?.step !== step
    return changed(record, { progress: given }, isNew ? { at: now, event: 'progress', step } : undefined, true)
  }

/** Has polls answer `interaction_required`. */
export const requireInteraction =
  (interaction: Interaction): Transition =>
  (record, now) => {
    if (!isPending(record, now)) return undefined
    const { host } = new URL(interaction.uri)
    return changed(record, { interaction }, { at: now, event: 'interaction_required', host }, true)
  }

/** Takes the interaction back. */
export const resume: Transition = (record, now) => {
  if (!isPending(record, now) || !record.interaction) return undefined
  return changed(record, { interaction: undefined }, { at: now, event: 'resumed' }, true)
}

/** Approves or denies. The same write makes the notification `owed`. */
export const decide =
  (status: 'approved' | 'denied', decision: Decision): Transition =>
  (record, now) => {
    if (!isPending(record, now)) return undefined
    const { by } = decision
    const members = { status, decision, decidedAt: now, ...owed(record, now) }
    return changed(record, members, { at: now, event: status, ...(by !== undefined && { by }) }, true)
  }

/** Cancels a pending or approved deferral, an expired one too. */
export const cancel =
  ({ by, reason, isByClient }: Cancellation = {}): Transition =>
  (record, now) => {
    if (!isUnfinished(record)) return undefined
    const notification = isByClient ? suppressed(record) : owed(record, now)
    const members = { cancelledBy: by, cancellationReason: reason, ...notification }
    const cause = { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) }
    const entry = { at: now, event: 'cancelled', ...cause, ...(isByClient && { isByClient }) }
    return changed(record, { status: 'cancelled', cancelledAt: now, ...members }, entry)
  }

/** Moves the expiry to `expiresIn` seconds from now. */
export const extend =
  (expiresIn: number): Transition =>
  (record, now) => {
    if (!record.exchangedAt || !isUnfinished(record) || !isUnexpired(record, now)) return undefined
    const expiresAt = seconds(expiresIn, now)
    return changed(
      record,
      { expiresAt, expiredAt: undefined, ...postponed(record, expiresAt) },
      { at: now, event: 'extended', expiresAt },
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
 * The only write of a redemption. Its guard compares the decision that tokens were minted from: the record may have changed
 * since.
 */
export const redeem =
  ({ decision, decidedAt, answer }: Minted): Transition =>
  (record, now) => {
    if (record.status !== 'approved' || !record.exchangedAt || !isUnexpired(record, now)) return undefined
    const isMintedFrom =
      record.decidedAt.getTime() === decidedAt.getTime() && isDeepStrictEqual(record.decision, decision)
    if (!isMintedFrom || (decision.until && decision.until <= now)) return undefined
    const kept = answer && { answer: { sealed: answer.sealed, until: seconds(answer.seconds, now) } }
    const members = { status: 'redeemed', redeemedAt: now, ...suppressed(record), ...kept }
    return changed(record, members, { at: now, event: 'redeemed' }, true)
  }

/**
 * Notes the expiry: sets `expiredAt` of a pending or approved deferral, ends a notification that is due, and erases its secrets.
 */
export const expire: Transition = (record, now) => {
  if (isUnexpired(record, now)) return undefined
  const isNew = isUnfinished(record) && !record.expiredAt
  const notification = lapsed(record, now)
  if (!isNew && !notification) return undefined
  const isFailed = record.notification?.status === 'owed' && notification
  const members = { ...notification, ...(isNew && { expiredAt: now }) }
  if (isNew) return changed(record, members, { at: now, event: 'expired', ...(isFailed && { notification: 'failed' }) })
  return changed(record, members, isFailed ? { at: now, event: 'notification_failed' } : undefined)
}

/** Erases the stored answer when `retryWindow` is over. */
export const forgetAnswer: Transition = (record, now) => {
  if (!record.answer || record.answer.until > now) return undefined
  return changed(record, { answer: undefined })
}

/** Its client gives up what can be cancelled no more: it is not notified of it, and its answer is not given again. */
export const giveUp: Transition = (record, now) =>
  record.answer ? changed(record, { answer: undefined }) : suppress(record, now)
