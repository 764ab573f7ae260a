import type { DeferralStatus, Profile } from './deferral.js'
import type { NotificationStatus } from './notification.js'

/**
 * The status that a listing shows. Each deferral has one: `expired` if it is pending or approved and past its expiry, else its
 * `status`.
 */
export type ListedStatus = DeferralStatus | 'expired'

/**
 * The status by which a filter selects. A direct deferral without a first poll is in no listing: the filter selects it as `unclaimed` while
 * it is pending and not past `expiresAt`, and as `unlisted` after that.
 */
export type FilterStatus = ListedStatus | 'unclaimed' | 'unlisted'

/** Selects deferrals of one issuer. */
export interface DeferralFilter {
  issuer: string
  /** those with one of these; never empty */
  status?: FilterStatus[]
  queue?: string
  /** only with `status: ['pending']`: those assigned to this name, `null`: to nobody */
  assignee?: string | null
  clientId?: string
  accountId?: string
  grantId?: string
  grantType?: string
  profile?: Profile
  notification?: NotificationStatus | 'any'
  /** only with `status: ['pending']`: the title, the id, the client or the account begins with it; upper and lower case are equal */
  text?: string
  /** created at this time or later */
  createdAfter?: Date
  /** created before this time */
  createdBefore?: Date
  /** expiring before this time */
  expiresBefore?: Date
  /** only with `status: ['pending']`: those past their `dueAt` */
  overdue?: boolean
}

/**
 * The order of a listing. `newest`: by `createdAt` and id, both descending. `oldest`: the reverse. `due`, only with
 * `status: ['pending']`: by `dueAt` and id, those without `dueAt` last. `expiring`, only with the status pending, approved or
 * both: by `expiresAt` and id.
 */
export type ListOrder = 'newest' | 'oldest' | 'due' | 'expiring'

/** A place in a listing: the time that the order compares (absent: without `dueAt`), and the id. */
export interface ListPosition {
  at?: Date
  id: string
}

/** One page of a listing, starting after a position. */
export interface DeferralQuery extends DeferralFilter {
  /** `newest` if it is absent */
  order?: ListOrder
  after?: ListPosition
  limit: number
  /** each record comes with its `history` */
  history?: boolean
}

/** The pending deferrals of one queue; those without a queue have a row without `queue`. */
export interface QueueStats {
  queue?: string
  pending: number
  /** of these, past their `dueAt` */
  overdue: number
  oldestPendingAt: Date
}

/** Counts deferrals; counting stops at `limit`. */
export interface CountQuery extends DeferralFilter {
  limit: number
}

/** Selects deferrals of one issuer whose `wakeAt` has come, earliest first, starting after the given deferral. */
export interface DueQuery {
  issuer: string
  after?: { wakeAt: Date; id: string } | undefined
  limit: number
}
