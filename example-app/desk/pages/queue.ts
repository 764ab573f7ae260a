import type { Context } from 'koa'
import type { Deferral } from 'oidc-provider-deferred'
import { nameOf } from '../../provider/accounts.js'
import { clientName } from '../../provider/clients.js'
import { customerOf } from '../../provider/customer.js'
import { moment } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { kindOf, profileOf } from '../request_kind.js'
import { badge, type Filter, filters } from '../status.js'
import { filterLinks, pageLinks } from './listing.js'
import { reviewerNav } from './nav.js'

export interface Queue {
  deferrals: Deferral[]
  cursor?: string | undefined
  filter: Filter | undefined
  /** False on the first page. */
  further: boolean
}

function row(deferral: Deferral): Html {
  const { title, dueAt, overdue } = deferral
  return html`<tr>
<td><a href="/deferrals/${deferral.id}">${nameOf(customerOf(deferral))}</a></td>
<td>${kindOf(deferral).name} <span class="tag">${profileOf(deferral)}</span>${title && html`<br>${title}`}</td>
<td>${clientName(deferral.clientId)}</td>
<td>${badge(deferral)}</td>
<td>${moment(deferral.createdAt)}</td>
<td>${dueAt && moment(dueAt)}${overdue && html` <strong>overdue</strong>`}</td>
<td>${moment(deferral.expiresAt)}</td>
</tr>`
}

function table(deferrals: Deferral[]): Html {
  if (deferrals.length === 0)
    return html`<p class="empty">Nothing here. A request appears as soon as a customer or a client asks.</p>`
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Requests"><table>
<thead><tr><th scope="col">Customer</th><th scope="col">Request</th><th scope="col">Client</th><th scope="col">Status</th><th scope="col">Since</th><th scope="col">Due</th><th scope="col">Expires</th></tr></thead>
<tbody>${deferrals.map(row)}</tbody>
</table></div>`
}

export function queuePage(ctx: Context, { deferrals, cursor, filter, further }: Queue): Page {
  const main = html`
<div class="heading"><h1>Requests</h1><a class="button quiet" href="${ctx.url}">Refresh</a></div>
${filterLinks('/', filters, filter)}
<section class="card flush">${table(deferrals)}</section>
${pageLinks('/', { filter, further, cursor })}`
  return { site: 'desk', title: 'Requests', nav: reviewerNav(ctx), main }
}
