import { actorOf } from '../deferral/decision.js'
import type { By, Deferral } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import { type Notification, type NotificationStatus, notificationStatuses } from '../deferral/notification.js'
import { replayNotification } from '../deferral/notification_transitions.js'
import type { Records } from '../deferral/records.js'
import { argumentOf, type Members, oneOf, optional, shape } from '../deferral/shape.js'
import type { Transition as RecordTransition } from '../deferral/transition.js'
import { assertId } from './assertions.js'
import { page, pageMembers } from './listing.js'
import type { Transition } from './transition.js'

/** Notifications and their delivery. */
export interface Notifications {
  /** A page of notifications, those of the newest deferrals first. */
  list(query?: NotificationQuery): Promise<NotificationListing>
  /**
   * Sends a notification again, at once and with a new retry schedule, if it has failed or waits for its next attempt. It cannot be
   * sent again if it was delivered, or if the deferral is expired, redeemed or cancelled by its client.
   */
  replay(id: string, replay?: { by?: By }): Promise<Transition>
}

/** The query of `notifications.list`. */
export interface NotificationQuery {
  status?: NotificationStatus
  /** `cursor` of the previous page */
  cursor?: string
  /** 1 to 100, by default 20 */
  limit?: number
}

/** The notification of one deferral. */
export type ListedNotification = Notification & Pick<Deferral, 'id' | 'profile' | 'clientId'>

/** One page. `cursor` is present if there is another page. */
export interface NotificationListing {
  notifications: ListedNotification[]
  cursor?: string
}

const members = { status: optional(oneOf(notificationStatuses)), ...pageMembers } satisfies Members<NotificationQuery>
const checkQuery = argumentOf('list', shape(members))

const toReplay = actorOf('notifications.replay')

/** The notifications of these records; `change` applies a transition to the record with this id. */
export function notificationsOf(
  records: Records,
  change: (id: string, transition: RecordTransition) => Promise<Transition>,
): Notifications {
  return {
    list: async (query = {}) => listNotifications(records, query),
    replay: async (id, replay = {}) => {
      assertId('notifications.replay', id)
      return change(id, replayNotification(toReplay(replay).by))
    },
  }
}

/** Reads one page of notifications; a `TypeError` names the wrong member of the query. */
async function listNotifications(records: Records, query: NotificationQuery): Promise<NotificationListing> {
  const { status = 'any', ...position } = checkQuery(query)
  const { rows, cursor } = await page(records, { notification: status }, position)
  return {
    notifications: rows.map(describe).map(({ id, profile, clientId, notification }) => ({
      id,
      profile,
      clientId,
      ...(notification as Notification),
    })),
    ...(cursor !== undefined && { cursor }),
  }
}
