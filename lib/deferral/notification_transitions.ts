/*
 * The part of the state machine for the notification. The first functions return members; a transition of the deferral merges
 * them into its record. After them come transitions of their own: for the client's requests, the worker, and the operator.
 */
import type { By, DeferralRecord } from './deferral.js'
import type { NotificationRecord, Sealing, Settlement } from './notification.js'
import { changeOf, isUnexpired, named, seconds, type Transition } from './transition.js'

type Member = { notification?: NotificationRecord }

const later = (a: Date, b: Date) => (a > b ? a : b)

/** The notification for a new handle. */
export function newNotification(sealing: Sealing | undefined, isDecided: boolean, expiresAt: Date, now: Date): Member {
  if (!sealing) return {}
  const notBefore = seconds(sealing.delay, now)
  const [status, due] = isDecided ? (['owed', notBefore] as const) : (['waiting', expiresAt] as const)
  return { notification: { status, sealed: sealing.sealed, due, notBefore, attempts: 0, fence: 0 } }
}

/** The deferral has ended: a waiting notification becomes owed, unless the deferral has expired. */
export function oweNotification({ notification, expiresAt }: DeferralRecord, now: Date): Member {
  if (notification?.status !== 'waiting' || expiresAt <= now) return {}
  return { notification: { ...notification, status: 'owed', due: later(now, notification.notBefore) } }
}

/** The client needs no notification any more: an open one is suppressed, and its secrets are erased. */
export function suppressNotification({ notification }: DeferralRecord): Member {
  if (!notification) return {}
  const { status } = notification
  const isOpen = status === 'waiting' || status === 'owed'
  return { notification: withoutSecrets({ ...notification, status: isOpen ? 'suppressed' : status }) }
}

/** The same notification with another expiry; a lease stays as it is. */
export function postponeNotification({ notification }: DeferralRecord, expiresAt: Date): Member {
  if (!notification?.due) return {}
  const { status, due, leased } = notification
  const isBeforeExpiry = status === 'owed' && (due < expiresAt || leased)
  return { notification: { ...notification, due: isBeforeExpiry ? due : expiresAt } }
}

/**
 * The deferral has expired and no attempt is under way: the notification ends, and its secrets are erased. `undefined`: nothing
 * to do.
 */
export function endNotification({ notification }: DeferralRecord, now: Date): Member | undefined {
  if (!notification || !isDue(notification, now)) return undefined
  const { status, reason = 'the deferral expired' } = notification
  if (status === 'waiting') return { notification: withoutSecrets({ ...notification, status: 'suppressed' }) }
  return { notification: withoutSecrets({ ...notification, status: 'failed', reason }) }
}

function isDue({ due }: NotificationRecord, now: Date): boolean {
  return due !== undefined && due <= now
}

/** The client gave up: it is not notified any more, and the secrets are erased. */
export const suppress: Transition = (record, now) => {
  if (record.notification?.sealed === undefined) return undefined
  return changeOf(record, suppressNotification(record), { at: now, event: 'notification_suppressed' })
}

/** The client has its handle: it may be notified `delay` seconds from now. Harmless when written twice. */
export const arm =
  (delay: number): Transition =>
  (record, now) => {
    const { notification } = record
    if (!notification || notification.attempts > 0) return undefined
    if (notification.status !== 'waiting' && notification.status !== 'owed') return undefined
    const notBefore = seconds(delay, now)
    const armed = { ...notification, notBefore }
    return changeOf(record, { notification: notification.status === 'owed' ? { ...armed, due: notBefore } : armed })
  }

/** Leases an owed notification for `lease` seconds, for one attempt. */
export const leaseNotification =
  (lease: number): Transition =>
  (record, now) => {
    const { notification } = record
    if (notification?.status !== 'owed' || !isDue(notification, now) || !isUnexpired(record, now)) return undefined
    const attempts = notification.attempts + 1
    const attempt = {
      due: seconds(lease, now),
      fence: notification.fence + 1,
      leased: true,
      attempts,
      attemptedAt: now,
    }
    const entry = { at: now, event: 'notification_attempted', attempts }
    return changeOf(record, { notification: { ...notification, ...attempt } }, entry, true)
  }

/** Writes the result of the attempt with this fence; after a suppression only `delivered`. Harmless when written twice. */
export const settleNotification =
  (fence: number, settlement: Settlement): Transition =>
  (record, now) => {
    const { notification } = record
    if (notification?.fence !== fence) return undefined
    if (settlement.status !== 'delivered' && notification.due === undefined) return undefined
    const { reason, answer } = { reason: undefined, answer: undefined, ...settlement }
    const outcome = { ...(reason !== undefined && { reason }), ...(answer !== undefined && { answer }) }
    const result = resultOf(settlement, { ...withoutOutcome(notification), ...outcome }, record, now)
    return changeOf(record, { notification: result }, { at: now, event: eventNames[settlement.status], ...outcome })
  }

/** Schedules a failed or postponed notification again: at once, and with attempts counted from zero. */
export const replayNotification =
  (by?: By): Transition =>
  (record, now) => {
    const { notification } = record
    if (!notification?.sealed || !isUnexpired(record, now)) return undefined
    const { leased, ...others } = notification
    const isScheduled = others.status === 'owed' && !leased && others.due !== undefined && others.due > now
    if (others.status !== 'failed' && !isScheduled) return undefined
    const due = later(now, others.notBefore)
    const next = { ...others, status: 'owed', due, attempts: 0, fence: others.fence + 1 }
    return changeOf(record, { notification: next }, { at: now, event: 'notification_replayed', ...named(by) }, true)
  }

const eventNames: Record<Settlement['status'], string> = {
  delivered: 'notified',
  owed: 'notification_postponed',
  failed: 'notification_failed',
  suppressed: 'notification_suppressed',
}

function resultOf(
  settlement: Settlement,
  notification: NotificationRecord,
  { expiresAt, erasedAt }: DeferralRecord,
  now: Date,
): NotificationRecord {
  const result = { ...notification, status: settlement.status }
  switch (settlement.status) {
    case 'owed': {
      const due = seconds(settlement.delay, now)
      return { ...result, due: due < expiresAt ? due : expiresAt }
    }
    case 'failed':
      // an operator can replay it until the deferral expires, or is erased
      return expiresAt > now && !erasedAt ? { ...result, due: expiresAt } : withoutSecrets(result)
    case 'delivered':
      return withoutSecrets({ ...result, deliveredAt: now })
    case 'suppressed':
      return withoutSecrets(result)
  }
}

function withoutOutcome({ reason, answer, leased, ...others }: NotificationRecord): NotificationRecord {
  return others
}

function withoutSecrets({ sealed, due, leased, ...others }: NotificationRecord): NotificationRecord {
  return others
}
