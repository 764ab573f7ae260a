import type { Context } from 'koa'
import type { Deferral, NotificationStatus } from 'oidc-provider-deferred'
import { nameOf } from '../../provider/accounts.js'
import { clientName } from '../../provider/clients.js'
import { customerOf } from '../../provider/customer.js'
import { moment } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { badge } from '../status.js'
import { filterLinks, pageLinks } from './listing.js'
import { reviewerNav } from './nav.js'
import { answerTo, notificationBadge, notificationFilters, replayForm } from './notification.js'

export interface NotificationList {
  /** Requests with a notification. */
  deferrals: Deferral[]
  cursor?: string | undefined
  filter: NotificationStatus | undefined
  /** False on the first page. */
  further: boolean
}

const path = '/notifications'

function row(ctx: Context, deferral: Deferral): Html {
  const { id, clientId, notification } = deferral
  const { attempts = 0, attemptedAt, reason, nextAttemptAt } = notification ?? {}
  return html`<tr>
<td><a href="/deferrals/${id}">${nameOf(customerOf(deferral))}</a></td>
<td>${badge(deferral)}</td>
<td>${clientName(clientId)}</td>
<td>${notification && notificationBadge(notification)}${reason && html`<small>${reason}</small>`}</td>
<td>${notification && answerTo(notification)}${attempts > 0 && html`<small>attempt ${attempts}</small>`}</td>
<td>${attemptedAt && moment(attemptedAt, 'second')}${nextAttemptAt && html`<small>next ${moment(nextAttemptAt, 'second')}</small>`}</td>
<td>${replayForm(ctx, deferral)}</td>
</tr>`
}

function table(ctx: Context, { deferrals, filter }: NotificationList): Html {
  if (deferrals.length === 0)
    return html`<p class="empty">Nothing here.${filter === 'failed' && ' Every notification was delivered, or is still being sent.'}</p>`
  const columns = ['Customer', 'Request', 'Client', 'Notification', 'Answer', 'Last attempt']
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Notifications"><table>
<thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col"><span class="unseen">Action</span></th></tr></thead>
<tbody>${deferrals.map((deferral) => row(ctx, deferral))}</tbody>
</table></div>`
}

/** The notifications and their delivery states. It opens with the failed ones, which need a reviewer. */
export function notificationsPage(ctx: Context, list: NotificationList): Page {
  const { cursor, filter, further } = list
  const main = html`
<div class="heading"><h1>Notifications</h1><a class="button quiet" href="${ctx.url}">Refresh</a></div>
${filterLinks(path, notificationFilters, filter)}
<section class="card flush">${table(ctx, list)}</section>
${pageLinks(path, { filter, further, cursor })}`
  return { site: 'desk', title: 'Notifications', nav: reviewerNav(ctx), main }
}
