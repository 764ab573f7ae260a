import type { Deferral, Notification, NotificationStatus } from '../index.js'
import { type SafeHtml, safe } from './safe.js'

/** The states of a notification. The first one needs somebody. */
export const deliveries: Readonly<Record<NotificationStatus, string>> = {
  failed: 'Not delivered',
  owed: 'Being sent',
  waiting: 'Not due yet',
  delivered: 'Delivered',
  suppressed: 'Not needed',
}

/** Names of the states, in this order. */
export const notificationStatuses = Object.keys(deliveries) as NotificationStatus[]

/** The state as a coloured word. */
export function deliveryBadge({ status }: Pick<Notification, 'status'>): SafeHtml {
  return safe`<span class="badge ${status}">${deliveries[status]}</span>`
}

/** Whether sending it again can do anything: the client must still need it, and it must not be under way. */
export function canReplay({ expired, status }: Deferral, notification: Notification | undefined): boolean {
  if (!notification || expired || status === 'redeemed') return false
  return notification.status === 'failed' || notification.nextAttemptAt !== undefined
}
