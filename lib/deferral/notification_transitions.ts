/*
 * The part of the state machine for notifications: the transitions for the client's requests, the worker, and the operator.
 */
import type { By } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import { legOfClient } from './leg_state.js'
import { type Channel, channels, type NotificationRecord, type Settlement } from './notification.js'
import {
  endNotification,
  endOf,
  isDue,
  isPingOver,
  later,
  ofEach,
  suppressNotification,
  withoutSecrets,
} from './notification_members.js'
import type { Change } from './store.js'
import { changeOf, isUnexpired, named, seconds, type Transition } from './transition.js'

/** The client gave up: it is not notified any more, and the secrets are erased. */
export const suppress: Transition = (record, now) => {
  if (channels.every((channel) => record[channel]?.sealed === undefined)) return undefined
  return changeOf(record, suppressNotification(record), { at: now, event: 'notification_suppressed' })
}

/** The client has its handle: it may be notified `delay` seconds from now. Harmless when written twice. */
export const arm =
  (delay: number): Transition =>
  (record, now) =>
    armed(record, 'notification', delay, now)

/** The same for the ping of the leg with this hash. */
export const armPing =
  (delay: number, hash: string): Transition =>
  (record, now) =>
    legOfClient(record)?.hash === hash ? armed(record, 'ping', delay, now) : undefined

/** The time of the auth_req_id is over: a ping that was not delivered ends, and its secrets are erased. */
export const endPing: Transition = (record, now) => {
  const ended = isPingOver(record, now) ? endNotification(record, now) : undefined
  if (!ended) return undefined
  const isFailed = record.ping?.status === 'owed'
  return changeOf(record, ended, isFailed ? { at: now, event: 'notification_failed', ...factOf('ping') } : undefined)
}

/** Leases an owed notification for `lease` seconds, for one attempt. */
export const leaseNotification =
  (lease: number, channel: Channel = 'notification'): Transition =>
  (record, now) => {
    const notification = record[channel]
    if (notification?.status !== 'owed' || !isDue(notification, now) || endOf(record, channel) <= now) return undefined
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
    const end = { expiresAt: endOf(record, channel), erasedAt: record.erasedAt }
    const result = resultOf(settlement, { ...withoutOutcome(notification), ...outcome }, end, now)
    const entry = { at: now, event: eventNames[settlement.status], ...outcome, ...factOf(channel) }
    return changeOf(record, { [channel]: result }, entry)
  }

/** Gives the lease with this fence back, because no attempt was made. */
export const returnNotification =
  (fence: number, channel: Channel = 'notification'): Transition =>
  (record, now) => {
    const notification = record[channel]
    if (notification?.fence !== fence || !notification.leased) return undefined
    const { leased, ...others } = notification
    return changeOf(record, { [channel]: { ...others, due: now, attempts: others.attempts - 1 } })
  }

/** Schedules failed and postponed notifications again: at once, and with attempts counted from zero. */
export const replayNotification =
  (by?: By): Transition =>
  (record, now) => {
    if (!isUnexpired(record, now)) return undefined
    const members = ofEach(record, (notification, channel) =>
      endOf(record, channel) > now ? replayed(notification, now) : undefined,
    )
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

function armed(record: DeferralRecord, channel: Channel, delay: number, now: Date): Change | undefined {
  const notification = record[channel]
  if (!notification || notification.attempts > 0) return undefined
  if (notification.status !== 'waiting' && notification.status !== 'owed') return undefined
  const notBefore = seconds(delay, now)
  const next = { ...notification, notBefore }
  return changeOf(record, { [channel]: notification.status === 'owed' ? { ...next, due: notBefore } : next })
}

const factOf = (channel: Channel) => (channel === 'ping' ? { channel } : {})

const eventNames: Record<Settlement['status'], string> = {
  delivered: 'notified',
  owed: 'notification_postponed',
  failed: 'notification_failed',
  suppressed: 'notification_suppressed',
}

function resultOf(
  settlement: Settlement,
  notification: NotificationRecord,
  { expiresAt, erasedAt }: { expiresAt: Date; erasedAt: Date | undefined },
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
