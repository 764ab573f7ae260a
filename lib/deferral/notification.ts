/**
 * Delivery state of a notification. `waiting`: the deferral has not ended yet. `owed`: it has ended, and the notification is
 * being sent. `delivered`: the client's endpoint accepted it. `failed`: no further attempt. `suppressed`: not needed any more.
 */
export type NotificationStatus = 'waiting' | 'owed' | 'delivered' | 'failed' | 'suppressed'

/** The notification that a deferral has ended, as reviewers see it. Without a registered endpoint there is none. */
export interface Notification {
  status: NotificationStatus
  /** number of attempts */
  attempts: number
  /** time of the next attempt, while it is `owed` and no attempt is under way */
  nextAttemptAt?: Date
  attemptedAt?: Date
  deliveredAt?: Date
  /** HTTP status of the last answer */
  answer?: number
  /** why the last attempt failed, or why there will be no attempt */
  reason?: string
}

/** The notification, as it is stored. */
export interface NotificationRecord extends Omit<Notification, 'nextAttemptAt'> {
  /** compact JWE of handle and notification token; erased when no attempt can follow */
  sealed?: string
  /** when a worker has to look at it next: the next attempt, the end of a lease, or the expiry of the deferral */
  due?: Date
  /** no attempt is made before this time: the client may not have its handle yet */
  notBefore: Date
  /** raised by every lease and every replay; only the worker with the current value may write a result */
  fence: number
  /** a worker is making an attempt; its lease ends at `due` */
  leased?: true
}

/**
 * The member of a record with the notification of one handle. `notification`: that of the draft. `ping`: that of CIBA, for the
 * auth_req_id of the last leg.
 */
export type Channel = 'notification' | 'ping'

/** Both channels. */
export const channels: readonly Channel[] = ['notification', 'ping']

/** The channels with a notification to send at this time. */
export function dueChannels(record: { [channel in Channel]?: NotificationRecord }, now: Date): Channel[] {
  return channels.filter((channel) => {
    const { status, due } = record[channel] ?? {}
    return status === 'owed' && due !== undefined && due <= now
  })
}

/** The secrets for the notification of a new handle. */
export interface Sealing {
  /** compact JWE of handle and notification token */
  sealed: string
  /** seconds before the first attempt. By then the client has its handle, or the response was lost. `arm` shortens it */
  delay: number
}

/** The result of an attempt. `delay` is in seconds. */
export type Settlement =
  | { status: 'delivered'; answer: number }
  | { status: 'owed'; delay: number; reason: string; answer?: number | undefined }
  | { status: 'failed'; reason: string; answer?: number | undefined }
  | { status: 'suppressed' }

/** Seconds for one attempt. After them another node may make the next attempt, because this worker may be dead. */
export const leaseSeconds = 10

/** The statuses, for queries and their checks. */
export const notificationStatuses: readonly NotificationStatus[] = [
  'waiting',
  'owed',
  'delivered',
  'failed',
  'suppressed',
]

/** Leaves out the members that only store and worker need. */
export function describeNotification(notification: NotificationRecord): Notification {
  const { sealed, due, notBefore, fence, leased, ...visible } = notification
  return { ...visible, ...(visible.status === 'owed' && due && !leased && { nextAttemptAt: due }) }
}
