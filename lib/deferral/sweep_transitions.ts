/*
 * The part of the state machine for the sweeps.
 */
import { channels } from './notification.js'
import { endNotification } from './notification_members.js'
import { changeOf, isOverdue, isUnexpired, isUnfinished, type Transition } from './transition.js'

/**
 * Records the expiry: sets `expiredAt` of a pending or approved deferral, ends a notification that is due, and erases its secrets.
 */
export const expire: Transition = (record, now) => {
  if (isUnexpired(record, now)) return undefined
  const isNew = isUnfinished(record) && !record.expiredAt
  const notification = endNotification(record, now)
  if (!isNew && !notification) return undefined
  const isFailed = channels.some((channel) => record[channel]?.status === 'owed' && notification?.[channel])
  const members = { ...notification, ...(isNew && { expiredAt: now }) }
  if (isNew)
    return changeOf(record, members, { at: now, event: 'expired', ...(isFailed && { notification: 'failed' }) })
  return changeOf(record, members, isFailed ? { at: now, event: 'notification_failed' } : undefined)
}

/** Records that a pending deferral is past its `dueAt`, once. */
export const noteOverdue: Transition = (record, now) => {
  if (record.overdueAt || !isOverdue(record, now)) return undefined
  return changeOf(record, { overdueAt: now }, { at: now, event: 'overdue' }, true)
}

/** Erases the stored answer when `retryWindow` is over. */
export const forgetAnswer: Transition = (record, now) => {
  if (!record.answer || record.answer.until > now) return undefined
  return changeOf(record, { answer: undefined })
}
