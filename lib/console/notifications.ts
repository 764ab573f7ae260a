import type { NotificationStatus } from '../index.js'
import { readableDeferral, type Visit } from './desk.js'
import { canReplay, type NotificationList, type NotificationRow } from './notification_view.js'
import { showNotifications } from './pages/notifications.js'
import { kindInWords } from './queue_view.js'
import type { Route } from './routes.js'
import { deliveries } from './words.js'

const pageSize = 25

/** The state in the URL; failed ones need somebody. */
function statusIn(query: URLSearchParams): NotificationList['status'] {
  const status = query.get('status') ?? 'failed'
  if (status === 'all') return status
  return (Object.keys(deliveries) as NotificationStatus[]).find((name) => name === status) ?? 'failed'
}

/** The page that the cursor in the URL names. A wrong cursor gives the first page. */
async function pageOf({ desk, ctx }: Visit, status: NotificationList['status']) {
  const { notifications } = desk.deferrals
  const query = { limit: pageSize, ...(status !== 'all' && { status }) }
  const cursor = new URLSearchParams(ctx.querystring).get('cursor')
  if (cursor) {
    try {
      return { ...(await notifications.list({ ...query, cursor })), isFurther: true }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
  return { ...(await notifications.list(query)), isFurther: false }
}

async function rowOf({ desk, operator }: Visit, id: string): Promise<NotificationRow[]> {
  const deferral = await readableDeferral(desk, operator, id)
  if (!deferral?.notification) return []
  const { notification, clientId } = deferral
  const client = await desk.clientName(clientId)
  return [{ deferral, notification, client, kind: kindInWords(desk, deferral), canReplay: canReplay(deferral) }]
}

async function notificationsPage(visit: Visit): Promise<void> {
  const status = statusIn(new URLSearchParams(visit.ctx.querystring))
  const { notifications, cursor, isFurther } = await pageOf(visit, status)
  const rows = await Promise.all(notifications.map(({ id }) => rowOf(visit, id)))
  showNotifications(visit, { status, rows: rows.flat(), cursor, isFurther })
}

export const notificationRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/notifications$/, handle: notificationsPage },
]
