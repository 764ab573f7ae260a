import type { Deferral, Notification, NotificationStatus } from '../index.js'

/** One line of the notifications. */
export interface NotificationRow {
  deferral: Deferral
  notification: Notification
  client: string
  kind: string
  canReplay: boolean
}

/** One page of the notifications. */
export interface NotificationList {
  status: NotificationStatus | 'all'
  rows: NotificationRow[]
  cursor: string | undefined
  /** false on the first page */
  isFurther: boolean
}

/** Whether sending it again can do anything: the client must still need it, and it must not be under way. */
export function canReplay({ notification, expired, status }: Deferral): boolean {
  if (!notification || expired || status === 'redeemed') return false
  return notification.status === 'failed' || notification.nextAttemptAt !== undefined
}
