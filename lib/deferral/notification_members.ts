/*
 * The members of a record that hold its notifications, as the transitions of a deferral change them. A transition merges them into its
 * record.
 */
import type { DeferralRecord } from './deferral_record.js'
import { isUsable, legOfClient } from './leg_state.js'
import { type Channel, channels, type NotificationRecord, type Sealing } from './notification.js'
import { seconds } from './transition.js'

/** The notifications that change. */
export type Members = { [channel in Channel]?: NotificationRecord }

/** The notification for a new handle. */
export function newNotification(
  sealing: Sealing | undefined,
  isDecided: boolean,
  expiresAt: Date,
  now: Date,
): { notification?: NotificationRecord } {
  if (!sealing) return {}
  const waiting = waitingUntil(expiresAt, sealing, now)
  return { notification: isDecided ? owed(waiting, now) : waiting }
}

/** The ping for the auth_req_id of a new leg. The result of an attempt for an earlier leg has another fence. */
export function newPing(record: DeferralRecord, sealing: Sealing, until: Date, now: Date): NotificationRecord {
  return { ...waitingUntil(until, sealing, now), fence: (record.ping?.fence ?? 0) + 1 }
}

/** The deferral has ended: waiting notifications become owed, unless the deferral has expired. */
export function oweNotification(record: DeferralRecord, now: Date): Members {
  if (record.expiresAt <= now) return {}
  const leg = legOfClient(record)
  // without a usable leg the auth_req_id has expired for the client
  const isPolled = leg !== undefined && isUsable(leg, now)
  return ofEach(record, (notification, channel) => {
    if (notification.status !== 'waiting') return undefined
    return channel === 'ping' && !isPolled ? suppressed(notification) : owed(notification, now)
  })
}

/** The leg has ended, and the deferral has not: a waiting ping becomes owed. */
export function owePing({ ping }: DeferralRecord, now: Date): Members {
  return ping?.status === 'waiting' ? { ping: owed(ping, now) } : {}
}

/** The leg does not count any more: its ping is suppressed, and its secrets are erased. */
export function suppressPing({ ping }: DeferralRecord): Members {
  return ping ? { ping: suppressed(ping) } : {}
}

/** The time of the auth_req_id is over, and its ping has not ended. */
export function isPingOver(record: DeferralRecord, now: Date): boolean {
  return record.ping !== undefined && isDue(record.ping, now) && endOf(record, 'ping') <= now
}

/** The client needs no notification any more: open ones are suppressed, and their secrets are erased. */
export function suppressNotification(record: DeferralRecord): Members {
  return ofEach(record, suppressed)
}

/** The notification with another expiry; a lease stays as it is. */
export function postponeNotification(record: DeferralRecord, expiresAt: Date): Members {
  return ofEach(record, (notification, channel) => {
    const { status, due, leased } = notification
    // a leg is not extended with its deferral
    if (!due || channel === 'ping') return undefined
    const isBeforeExpiry = status === 'owed' && (due < expiresAt || leased)
    return { ...notification, due: isBeforeExpiry ? due : expiresAt }
  })
}

/**
 * The time of a handle is over and no attempt is under way: its notification ends, and its secrets are erased. `undefined`: nothing
 * to do.
 */
export function endNotification(record: DeferralRecord, now: Date): Members | undefined {
  const members = ofEach(record, (notification, channel) => {
    if (!isDue(notification, now) || endOf(record, channel) > now) return undefined
    const { status, reason = expired[channel] } = notification
    if (status === 'waiting') return withoutSecrets({ ...notification, status: 'suppressed' })
    return withoutSecrets({ ...notification, status: 'failed', reason })
  })
  return Object.keys(members).length > 0 ? members : undefined
}

/** Whether a worker has to look at it now. */
export const isDue = ({ due }: NotificationRecord, now: Date) => due !== undefined && due <= now

/** When the handle of this channel can be polled with no longer. */
export function endOf(record: DeferralRecord, channel: Channel): Date {
  const until = channel === 'ping' ? legOfClient(record)?.until : undefined
  return until && until < record.expiresAt ? until : record.expiresAt
}

/** The notifications for which `change` returns a new value. */
export function ofEach(
  record: DeferralRecord,
  change: (notification: NotificationRecord, channel: Channel) => NotificationRecord | undefined,
): Members {
  const changed: Members = {}
  for (const channel of channels) {
    const next = record[channel] && change(record[channel], channel)
    if (next) changed[channel] = next
  }
  return changed
}

/** The later of two times. */
export const later = (a: Date, b: Date) => (a > b ? a : b)

/** The same notification without its secrets: no attempt can follow. */
export function withoutSecrets({ sealed, due, leased, ...others }: NotificationRecord): NotificationRecord {
  return others
}

const expired = { notification: 'the deferral expired', ping: 'the auth_req_id expired' }

const waitingUntil = (due: Date, { sealed, delay }: Sealing, now: Date): NotificationRecord => ({
  status: 'waiting',
  sealed,
  due,
  notBefore: seconds(delay, now),
  attempts: 0,
  fence: 0,
})

const owed = (notification: NotificationRecord, now: Date): NotificationRecord => ({
  ...notification,
  status: 'owed',
  due: later(now, notification.notBefore),
})

function suppressed(notification: NotificationRecord): NotificationRecord {
  const { status } = notification
  const isOpen = status === 'waiting' || status === 'owed'
  return withoutSecrets({ ...notification, status: isOpen ? 'suppressed' : status })
}
