import type { DeferralRecord } from '../deferral/deferral.js'
import type { NotificationRecord, Sealing, Settlement } from '../deferral/notification.js'
import type { DueNotification } from '../deferral/store.js'

type Kept = { notification?: NotificationRecord }

const seconds = (count: number, from: Date) => new Date(from.getTime() + count * 1000)
const later = (a: Date, b: Date) => (a > b ? a : b)

/** The notification of a handle that is being issued. */
export function begin(sealing: Sealing | undefined, isDecided: boolean, expiresAt: Date, now: Date): Kept {
  if (!sealing) return {}
  const heldUntil = seconds(sealing.hold, now)
  const status = isDecided ? 'owed' : 'waiting'
  const due = isDecided ? heldUntil : expiresAt
  return { notification: { status, sealed: sealing.sealed, due, heldUntil, attempts: 0, fence: 0 } }
}

/** There is something to tell, while there is time. */
export function owe({ notification, expiresAt }: DeferralRecord, now: Date): Kept {
  if (notification?.status !== 'waiting' || expiresAt <= now) return {}
  return { notification: { ...notification, status: 'owed', due: later(now, notification.heldUntil) } }
}

/** Nothing has to be told any more. */
export function suppress({ notification }: DeferralRecord): Kept {
  if (!notification) return {}
  const { status } = notification
  const isOpen = status === 'waiting' || status === 'owed'
  return { notification: erased({ ...notification, status: isOpen ? 'suppressed' : status }) }
}

/** The same, with another expiry; a lease stays as it is. */
export function prolong({ notification }: DeferralRecord, expiresAt: Date): Kept {
  if (!notification?.due) return {}
  const { status, due, leased } = notification
  const isKept = status === 'owed' && (due < expiresAt || leased)
  return { notification: { ...notification, due: isKept ? due : expiresAt } }
}

/** Whether the client's handle is only now known to have arrived. */
export function isArmable({ notification }: DeferralRecord): boolean {
  if (!notification || notification.attempts > 0) return false
  return notification.status === 'waiting' || notification.status === 'owed'
}

/** The client has its handle. */
export function armed({ notification }: DeferralRecord, delay: number, now: Date): Kept {
  const heldUntil = seconds(delay, now)
  const armed = { ...notification!, heldUntil }
  return { notification: armed.status === 'owed' ? { ...armed, due: heldUntil } : armed }
}

/** Whether a worker has to look at it. */
export function isDue({ notification }: DeferralRecord, now: Date): boolean {
  return notification?.due !== undefined && notification.due <= now
}

/** The order in which workers look at them. */
export function longestDue(a: DeferralRecord, b: DeferralRecord | { due: Date; id: string }): number {
  const due = 'due' in b ? b.due : b.notification?.due
  return Number(a.notification?.due) - Number(due) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

/** As much as a worker needs to see. */
export function glimpse({ id, clientId, expiresAt, notification }: DeferralRecord, readAt: Date): DueNotification {
  const { sealed, ...seen } = notification!
  return { id, clientId, expiresAt, readAt, notification: { ...seen, due: seen.due! } }
}

/** Leased to a worker. */
export function leased({ notification, expiresAt }: DeferralRecord, lease: number, now: Date): Kept {
  const { attempts, fence, ...kept } = notification!
  const isAttempt = kept.status === 'owed' && expiresAt > now
  return {
    notification: {
      ...kept,
      due: seconds(lease, now),
      fence: fence + 1,
      leased: true,
      attempts: isAttempt ? attempts + 1 : attempts,
      ...(isAttempt && { attemptedAt: now }),
    },
  }
}

/** Whether this attempt may still say how it ended. */
export function isSettleable({ notification }: DeferralRecord, fence: number, { status }: Settlement): boolean {
  if (notification?.fence !== fence) return false
  return status === 'delivered' || notification.due !== undefined
}

/** What became of an attempt. */
export function settled({ notification, expiresAt }: DeferralRecord, settlement: Settlement, now: Date): Kept {
  const { reason, answer, leased, ...kept } = notification!
  const { status } = settlement
  const known = {
    ...('reason' in settlement && { reason: settlement.reason }),
    ...('answer' in settlement && settlement.answer !== undefined && { answer: settlement.answer }),
  }
  const ended = { ...kept, ...known, status }
  if (settlement.status === 'owed') {
    const due = seconds(settlement.delay, now)
    return { notification: { ...ended, due: due < expiresAt ? due : expiresAt } }
  }
  if (status === 'failed' && expiresAt > now) return { notification: { ...ended, due: expiresAt } }
  return { notification: erased(status === 'delivered' ? { ...ended, deliveredAt: now } : ended) }
}

/** Whether it can be sent again. */
export function isReplayable({ notification, expiresAt }: DeferralRecord, now: Date): boolean {
  if (!notification?.sealed || expiresAt <= now) return false
  const { status, due, leased } = notification
  return status === 'failed' || (status === 'owed' && !leased && due !== undefined && due > now)
}

/** To be sent again. */
export function replayed({ notification }: DeferralRecord, now: Date): Kept {
  const { leased, ...kept } = notification!
  const due = later(now, kept.heldUntil)
  return { notification: { ...kept, status: 'owed', due, attempts: 0, fence: kept.fence + 1 } }
}

function erased({ sealed, due, leased, ...kept }: NotificationRecord): NotificationRecord {
  return kept
}
