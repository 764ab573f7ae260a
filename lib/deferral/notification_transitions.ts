/*
 * The part of the state machine that concerns the notification. The first functions return members that a transition merges into
 * a record. The transitions after them are those of the client's requests, of the worker that sends, and of the operator.
 */
import type { DeferralRecord } from './deferral.js'
import type { NotificationRecord, Sealing, Settlement } from './notification.js'
import { changed, isUnexpired, seconds, type Transition } from './transition.js'

type Member = { notification?: NotificationRecord }

const later = (a: Date, b: Date) => (a > b ? a : b)

/** The notification of a handle that is being issued. */
export function begun(sealing: Sealing | undefined, isDecided: boolean, expiresAt: Date, now: Date): Member {
  if (!sealing) return {}
  const notBefore = seconds(sealing.delay, now)
  const [status, due] = isDecided ? (['owed', notBefore] as const) : (['waiting', expiresAt] as const)
  return { notification: { status, sealed: sealing.sealed, due, notBefore, attempts: 0, fence: 0 } }
}

/** The deferral has ended: a waiting notification is owed, unless the deferral has expired. */
export function owed({ notification, expiresAt }: DeferralRecord, now: Date): Member {
  if (notification?.status !== 'waiting' || expiresAt <= now) return {}
  return { notification: { ...notification, status: 'owed', due: later(now, notification.notBefore) } }
}

/** The client needs no notification any more: an open one is suppressed, and its secrets are erased. */
export function suppressed({ notification }: DeferralRecord): Member {
  if (!notification) return {}
  const { status } = notification
  const isOpen = status === 'waiting' || status === 'owed'
  return { notification: erased({ ...notification, status: isOpen ? 'suppressed' : status }) }
}

/** The same notification with another expiry; a lease stays as it is. */
export function postponed({ notification }: DeferralRecord, expiresAt: Date): Member {
  if (!notification?.due) return {}
  const { status, due, leased } = notification
  const isKept = status === 'owed' && (due < expiresAt || leased)
  return { notification: { ...notification, due: isKept ? due : expiresAt } }
}

/**
 * The deferral has expired and no attempt is under way: the notification ends, and its secrets are erased. `undefined`: nothing
 * to do.
 */
export function lapsed({ notification }: DeferralRecord, now: Date): Member | undefined {
  if (!notification || !isDue(notification, now)) return undefined
  const { status, reason = 'the deferral expired' } = notification
  if (status === 'waiting') return { notification: erased({ ...notification, status: 'suppressed' }) }
  return { notification: erased({ ...notification, status: 'failed', reason }) }
}

// whether a worker has to look at it
function isDue({ due }: NotificationRecord, now: Date): boolean {
  return due !== undefined && due <= now
}

/** The client gave up: it is not notified any more, and the secrets are erased. */
export const suppress: Transition = (record, now) => {
  if (record.notification?.sealed === undefined) return undefined
  return changed(record, suppressed(record), { at: now, event: 'notification_suppressed' })
}

/** The client has its handle: it may be notified `delay` seconds from now. May be repeated. */
export const arm =
  (delay: number): Transition =>
  (record, now) => {
    const { notification } = record
    if (!notification || notification.attempts > 0) return undefined
    if (notification.status !== 'waiting' && notification.status !== 'owed') return undefined
    const notBefore = seconds(delay, now)
    const armed = { ...notification, notBefore }
    return changed(record, { notification: notification.status === 'owed' ? { ...armed, due: notBefore } : armed })
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
    return changed(record, { notification: { ...notification, ...attempt } }, entry, true)
  }

/** Writes the result of the attempt with this fence. Only `delivered` is written after a suppression. May be repeated. */
export const settleNotification =
  (fence: number, settlement: Settlement): Transition =>
  (record, now) => {
    const { notification } = record
    if (notification?.fence !== fence) return undefined
    if (settlement.status !== 'delivered' && notification.due === undefined) return undefined
    const { reason, answer } = { reason: undefined, answer: undefined, ...settlement }
    const outcome = { ...(reason !== undefined && { reason }), ...(answer !== undefined && { answer }) }
    const settled = settledAs(settlement, { ...withoutOutcome(notification), ...outcome }, record, now)
    return changed(record, { notification: settled }, { at: now, event: settledEvents[settlement.status], ...outcome })
  }

/** Has the notification sent again, at once and with the attempts counted anew. */
export const replayNotification: Transition = (record, now) => {
  const { notification } = record
  if (!notification?.sealed || !isUnexpired(record, now)) return undefined
  const { leased, ...kept } = notification
  const isScheduled = kept.status === 'owed' && !leased && kept.due !== undefined && kept.due > now
  if (kept.status !== 'failed' && !isScheduled) return undefined
  const due = later(now, kept.notBefore)
  const replayed = { ...kept, status: 'owed', due, attempts: 0, fence: kept.fence + 1 }
  return changed(record, { notification: replayed }, { at: now, event: 'notification_replayed' }, true)
}

const settledEvents: Record<Settlement['status'], string> = {
  delivered: 'notified',
  owed: 'notification_postponed',
  failed: 'notification_failed',
  suppressed: 'notification_suppressed',
}

function settledAs(
  settlement: Settlement,
  notification: NotificationRecord,
  { expiresAt }: DeferralRecord,
  now: Date,
): NotificationRecord {
  const settled = { ...notification, status: settlement.status }
  switch (settlement.status) {
    case 'owed': {
      const due = seconds(settlement.delay, now)
      return { ...settled, due: due < expiresAt ? due : expiresAt }
    }
    case 'failed':
      // it can be replayed until the deferral expires
      return expiresAt > now ? { ...settled, due: expiresAt } : erased(settled)
    case 'delivered':
      return erased({ ...settled, deliveredAt: now })
    case 'suppressed':
      return erased(settled)
  }
}

function withoutOutcome({ reason, answer, leased, ...kept }: NotificationRecord): NotificationRecord {
  return kept
}

function erased({ sealed, due, leased, ...kept }: NotificationRecord): NotificationRecord {
  return kept
}
