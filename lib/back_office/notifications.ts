import type { Deferral } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import { type Notification, type NotificationStatus, notificationStatuses } from '../deferral/notification.js'
import type { Records } from '../deferral/records.js'
import { argumentOf, type Members, oneOf, optional, shape } from '../deferral/shape.js'
import { page, pageMembers } from './listing.js'
import type { Transition } from './transition.js'

/** Notifications and what became of them. */
export interface Notifications {
  /** A page of notifications, of the newest deferrals first; `failed` ones are those that were given up. */
  list(query?: NotificationQuery): Promise<NotificationListing>
  /**
   * Sends one again, at once and with a new schedule: one that was given up, or waits for its next attempt. What is expired,
   * redeemed, cancelled by its client or delivered cannot be sent again.
   */
  replay(id: string): Promise<Transition>
}

/** What `notifications.list` filters by. */
export interface NotificationQuery {
  status?: NotificationStatus
  /** of the page before */
  cursor?: string
  /** 1 to 100, by default 20 */
  limit?: number
}

/** The notification of one deferral. */
export type ListedNotification = Notification & Pick<Deferral, 'id' | 'profile' | 'clientId'>

/** One page; `cursor` is there when there are more. */
export interface NotificationListing {
  notifications: ListedNotification[]
  cursor?: string
}

const members = { status: optional(oneOf(notificationStatuses)), ...pageMembers } satisfies Members<NotificationQuery>
const checkQuery = argumentOf('list', shape(members))

/** Reads one page of notifications; a `TypeError` names what is wrong with the query. */
export async function listNotifications(records: Records, query: NotificationQuery): Promise<NotificationListing> {
  const { status = 'any', ...wanted } = checkQuery(query)
  const { found, cursor } = await page(records, { notification: status }, wanted)
  return {
    notifications: found.map(describe).map(({ id, profile, clientId, notification }) => ({
      id,
      profile,
      clientId,
      ...(notification as Notification),
    })),
    ...(cursor !== undefined && { cursor }),
  }
}
