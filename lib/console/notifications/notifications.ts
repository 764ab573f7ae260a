import type { ListedNotification } from '../../index.js'
import { formOf } from '../body.js'
import { notificationStatuses } from '../delivery.js'
import { readableDeferral, type Visit } from '../desk.js'
import { isUnknown } from '../mistakes.js'
import { type ShownNotifications, showNotifications } from '../pages/notifications.js'
import { onlyReadableNotifications, type Page, type Place, type ReadPage, readablePage } from '../readable_page.js'
import type { Route } from '../routes.js'

const pageSize = 25

function statusOf({ ctx }: Visit): ShownNotifications['status'] {
  const status = new URLSearchParams(ctx.querystring).get('status')
  return notificationStatuses.find((name) => name === status)
}

/** The page that the cursor in the URL names. A wrong cursor gives the first page. */
async function listingOf(visit: Visit, status: ShownNotifications['status']): Promise<Page<ListedNotification>> {
  const cursor = new URLSearchParams(visit.ctx.querystring).get('cursor')
  const read: ReadPage<ListedNotification> = async (place) => {
    const query = { ...place, ...(status && { status }) }
    const { notifications, ...others } = await visit.desk.deferrals.notifications.list(query)
    return { rows: notifications, ...others }
  }
  const pageAt = (place: Place) => readablePage(visit, read, onlyReadableNotifications, place)
  if (!cursor) return pageAt({ limit: pageSize })
  return pageAt({ limit: pageSize, cursor }).catch((error: unknown) => {
    if (error instanceof TypeError) return pageAt({ limit: pageSize })
    throw error
  })
}

async function notificationsPage(visit: Visit): Promise<void> {
  const { desk } = visit
  const status = statusOf(visit)
  const { rows: notifications, cursor } = await listingOf(visit, status)
  const found = await Promise.all(notifications.map(({ id }) => readableDeferral(visit, id)))
  const rows = await Promise.all(
    notifications.flatMap((notification, index) => {
      const deferral = found[index]
      if (!deferral) return []
      return [desk.clientName(notification.clientId).then((client) => ({ notification, deferral, client }))]
    }),
  )
  showNotifications(visit, { rows, status, cursor })
}

async function replay(visit: Visit, id = ''): Promise<void> {
  const { ctx, desk, operator } = visit
  const deferral = (await readableDeferral(visit, id)) ?? ctx.throw(404, 'there is no such request')
  await formOf(ctx)
  const { changed } = await desk.deferrals.notifications
    .replay(deferral.id, { by: operator.id })
    .catch((error: unknown) => (isUnknown(error) ? ctx.throw(404, 'there is no such request') : Promise.reject(error)))
  if (!changed) ctx.throw(409, 'nothing changed: it is delivered, or not needed any more')
  const status = statusOf(visit)
  ctx.status = 303
  // relative to notifications/ID/replay
  ctx.set('Location', `../../notifications${status ? `?status=${status}` : ''}`)
}

export const notificationRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/notifications$/, handle: notificationsPage },
  { method: 'POST', path: /^\/notifications\/([^/]+)\/replay$/, handle: replay },
]
