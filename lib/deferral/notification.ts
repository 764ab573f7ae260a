/**
 * How far the word to the client got. `waiting`: there is nothing to tell yet. `owed`: decided, and being sent. `delivered`: the
 * client's endpoint took it. `failed`: given up. `suppressed`: nothing had to be told any more.
 */
export type NotificationStatus = 'waiting' | 'owed' | 'delivered' | 'failed' | 'suppressed'

/** The word to the client that its deferral ended, as reviewers see it. There is none without a registered endpoint. */
export interface Notification {
  status: NotificationStatus
  /** how often it was tried */
  attempts: number
  /** when it is tried next, while it is owed and not being sent */
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
  /** the client may not have its handle before */
  heldUntil: Date
  /** raised with every lease */
  fence: number
  /** a worker has it, until it is due */
  leased?: true
}

/** What the notification of a new handle is kept with. */
export interface Sealing {
  /** compact JWE of handle and notification token */
  sealed: string
  /** seconds after which the client has its handle, or never will, unless the node that answers says so before */
  hold: number
}

/** How an attempt ended: times in seconds. */
export type Settlement =
  | { status: 'delivered'; answer: number }
  | { status: 'owed'; delay: number; reason: string; answer?: number | undefined }
  | { status: 'failed'; reason: string; answer?: number | undefined }
  | { status: 'suppressed' }

/** Seconds a worker has for one attempt; a node that died holds it up no longer. */
export const leaseSeconds = 10

/** The statuses, for queries and their checks. */
export const notificationStatuses: readonly NotificationStatus[] = [
  'waiting',
  'owed',
  'delivered',
  'failed',
  'suppressed',
]

/** Leaves out what only store and worker need. */
export function describeNotification(notification: NotificationRecord): Notification {
  const { sealed, due, heldUntil, fence, leased, ...shown } = notification
  return { ...shown, ...(shown.status === 'owed' && due && !leased && { nextAttemptAt: due }) }
}
