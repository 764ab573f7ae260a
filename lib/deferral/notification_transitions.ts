/*
 * The part of the state machine for the notification. The first functions return members; a transition of the deferral merges
 * them into its record. After them come transitions of their own: for the client's requests, the worker, and the operator.
 */
import type { By, DeferralRecord } from './deferral.js'
import { isUsable, legOf } from './leg_state.js'
import { type Channel, channels, type NotificationRecord, type Sealing, type Settlement } from './notification.js'
import { changeOf, isUnexpired, named, seconds, type Transition } from './transition.js'

type Members = { [channel in Channel]?: NotificationRecord }

const later = (a: Date, b: Date) => (a > b ? a : b)

/** The notification for a new handle. */
export function newNotification(
  sealing: Sealing | undefined,
  isDecided: boolean,
  expiresAt: Date,
  now: Date,
): { notification?: NotificationRecord } {
  if (!sealing) return {}
  const waiting = newPing(sealing, expiresAt, now)
  return { notification: isDecided ? owed(waiting, now) : waiting }
}

/** The ping for the auth_req_id of a new leg. */
export function newPing({ sealed, delay }: Sealing, expiresAt: Date, now: Date): NotificationRecord {
  return { status: 'waiting', sealed, due: expiresAt, notBefore: seconds(delay, now), attempts: 0, fence: 0 }
}

/** The deferral has ended: waiting notifications become owed, unless the deferral has expired. */
export function oweNotification(record: DeferralRecord, now: Date): Members {
  if (record.expiresAt <= now) return {}
  const leg = legOf(record)
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

/** The client needs no notification any more: open ones are suppressed, and their secrets are erased. */
export function suppressNotification(record: DeferralRecord): Members {
  return ofEach(record, suppressed)
}

/** The same notifications with another expiry; a lease stays as it is. */
export function postponeNotification(record: DeferralRecord, expiresAt: Date): Members {
  return ofEach(record, (notification) => {
    const { status, due, leased } = notification
    if (!due) return undefined
    const isBeforeExpiry = status === 'owed' && (due < expiresAt || leased)
    return { ...notification, due: isBeforeExpiry ? due : expiresAt }
  })
}

/**
 * The deferral has expired and no attempt is under way: the notification ends, and its secrets are erased. `undefined`: nothing
 * to do.
 */
export function endNotification(record: DeferralRecord, now: Date): Members | undefined {
  const members = ofEach(record, (notification) => {
    if (!isDue(notification, now)) return undefined
    const { status, reason = 'the deferral expired' } = notification
    if (status === 'waiting') return withoutSecrets({ ...notification, status: 'suppressed' })
    return withoutSecrets({ ...notification, status: 'failed', reason })
  })
  return Object.keys(members).length > 0 ? members : undefined
}

/** The client gave up: it is not notified any more, and the secrets are erased. */
export const suppress: Transition = (record, now) => {
  if (channels.every((channel) => record[channel]?.sealed === undefined)) return undefined
  return changeOf(record, suppressNotification(record), { at: now, event: 'notification_suppressed' })
}

/** The client has its handle: it may be notified `delay` seconds from now. Harmless when written twice. */
export const arm =
  (delay: number, channel: Channel = 'notification'): Transition =>
  (record, now) => {
    const notification = record[channel]
    if (!notification || notification.attempts > 0) return undefined
    if (notification.status !== 'waiting' && notification.status !== 'owed') return undefined
    const notBefore = seconds(delay, now)
    const armed = { ...notification, notBefore }
    return changeOf(record, { [channel]: notification.status === 'owed' ? { ...armed, due: notBefore } : armed })
  }

/** Leases an owed notification for `lease` seconds, for one attempt. */
export const leaseNotification =
  (lease: number, channel: Channel = 'notification'): Transition =>
  (record, now) => {
    const notification = record[channel]
    if (notification?.status !== 'owed' || !isDue(notification, now) || !isUnexpired(record, now)) return undefined
    const attempts = notification.attempts + 1
    const attempt = {
      due: seconds(lease, now),
      fence: notification.fence + 1,
      leased: true,
      attempts,
      attemptedAt: now,
    }
    const entry = { at: now, event: 'notification_attempted', attempts, ...factOf(channel) }
    return changeOf(record, { [channel]: { ...notification, ...attempt } }, entry, true)
  }

/** Writes the result of the attempt with this fence; after a suppression only `delivered`. Harmless when written twice. */
export const settleNotification =
  (fence: number, settlement: Settlement, channel: Channel = 'notification'): Transition =>
  (record, now) => {
    const notification = record[channel]
    if (notification?.fence !== fence) return undefined
    if (settlement.status !== 'delivered' && notification.due === undefined) return undefined
    const { reason, answer } = { reason: undefined, answer: undefined, ...settlement }
    const outcome = { ...(reason !== undefined && { reason }), ...(answer !== undefined && { answer }) }
    const result = resultOf(settlement, { ...withoutOutcome(notification), ...outcome }, record, now)
    const entry = { at: now, event: eventNames[settlement.status], ...outcome, ...factOf(channel) }
    return changeOf(record, { [channel]: result }, entry)
  }

/** Schedules failed and postponed notifications again: at once, and with attempts counted from zero. */
export const replayNotification =
  (by?: By): Transition =>
  (record, now) => {
    if (!isUnexpired(record, now)) return undefined
    const members = ofEach(record, (notification) => replayed(notification, now))
    if (Object.keys(members).length === 0) return undefined
    return changeOf(record, members, { at: now, event: 'notification_replayed', ...named(by) }, true)
  }

function replayed(notification: NotificationRecord, now: Date): NotificationRecord | undefined {
  if (!notification.sealed) return undefined
  const { leased, ...others } = notification
  const isScheduled = others.status === 'owed' && !leased && others.due !== undefined && others.due > now
  if (others.status !== 'failed' && !isScheduled) return undefined
  return { ...others, status: 'owed', due: later(now, others.notBefore), attempts: 0, fence: others.fence + 1 }
}

function ofEach(
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

const factOf = (channel: Channel) => (channel === 'ping' ? { channel } : {})

const isDue = ({ due }: NotificationRecord, now: Date) => due !== undefined && due <= now

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
