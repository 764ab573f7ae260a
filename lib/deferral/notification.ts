/**
 * Delivery state of a notification. `waiting`: the deferral has not ended yet. `owed`: it has ended, and the notification is
 * being sent. `delivered`: the client's endpoint accepted it. `failed`: given up. `suppressed`: not needed any more.
 */
export type NotificationStatus = 'waiting' | 'owed' | 'delivered' | 'failed' | 'suppressed'

/** The notification that a deferral has ended, as reviewers see it. There is none without a registered endpoint. */
export interface Notification {
  status: NotificationStatus
  /** how often it was tried */
  attempts: number
  /** time of the next attempt, while it is `owed` and no attempt is under way */
  nextAttemptAt?: Date
  attemptedAt?: Date
  deliveredAt?: Date
  /** HTTP status of the last answer */
  answer?: number
  /** why the last attempt did not deliver, or why there will be none */
  reason?: string
}

/** The same as its store keeps it. */
export interface NotificationRecord extends Omit<Notification, 'nextAttemptAt'> {
  /** compact JWE of handle and notification token, while they may be needed */
  sealed?: string
  /** when a worker has to look at it next: the next attempt, the end of a lease, or the expiry of what is sealed */
  due?: Date
  /** no attempt is made before: until then the client may not have its handle */
  notBefore: Date
  /** raised with every lease */
  fence: number
  /** a worker is making an attempt; its lease ends at `due` */
  leased?: true
}

/** What is stored for the notification of a new handle. */
export interface Sealing {
  /** compact JWE of handle and notification token */
  sealed: string
  /** seconds before the first attempt: by then the client has its handle, or its answer was lost. `arm` shortens them */
  delay: number
}

/** How an attempt ended: times in seconds. */
export type Settlement =
  | { status: 'delivered'; answer: number }
  | { status: 'owed'; delay: number; reason: string; answer?: number | undefined }
  | { status: 'failed'; reason: string; answer?: number | undefined }
  | { status: 'suppressed' }

/** Seconds a worker has for one attempt. After that another node may make one, for the worker may have died. */
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
  const { sealed, due, notBefore, fence, leased, ...shown } = notification
  return { ...shown, ...(shown.status === 'owed' && due && !leased && { nextAttemptAt: due }) }
}
