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
import { reviewerNav } from './nav.js'

export interface Queue {
  deferrals: Deferral[]
  cursor?: string | undefined
  filter: Filter | undefined
  /** False on the first page. */
  further: boolean
}

function filterLinks(current: Filter | undefined): Html {
  const link = (filter: Filter | undefined, label: string) =>
    html`<a href="/${filter ? `?status=${filter}` : '?status=all'}"${filter === current && html` aria-current="page"`}>${label}</a>`
  const named = Object.entries(filters) as [Filter, string][]
  return html`<nav class="filters" aria-label="Filter by status">${named.map(([filter, label]) => link(filter, label))}${link(undefined, 'All')}</nav>`
}

function row(deferral: Deferral): Html {
  return html`<tr>
<td><a href="/deferrals/${deferral.id}">${nameOf(customerOf(deferral))}</a></td>
<td>${kindOf(deferral).name} <span class="tag">${profileOf(deferral)}</span></td>
<td>${clientName(deferral.clientId)}</td>
<td>${badge(deferral)}</td>
<td>${moment(deferral.createdAt)}</td>
<td>${moment(deferral.expiresAt)}</td>
</tr>`
}

function table(deferrals: Deferral[]): Html {
  if (deferrals.length === 0)
    return html`<p class="empty">Nothing here. New requests appear as soon as a customer or a client asks.</p>`
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Requests"><table>
<thead><tr><th scope="col">Customer</th><th scope="col">Request</th><th scope="col">Asked by</th><th scope="col">Status</th><th scope="col">Since</th><th scope="col">Until</th></tr></thead>
<tbody>${deferrals.map(row)}</tbody>
</table></div>`
}

export function queuePage(ctx: Context, { deferrals, cursor, filter, further }: Queue): Page {
  const parameters = new URLSearchParams({ status: filter ?? 'all', ...(cursor && { cursor }) })
  const main = html`
<div class="heading"><h1>Requests</h1><a class="button quiet" href="${ctx.url}">Refresh</a></div>
${filterLinks(filter)}
<section class="card flush">${table(deferrals)}</section>
<nav class="pages" aria-label="Pages">
${further && html`<a class="button quiet" href="/?status=${filter ?? 'all'}">Newest</a>`}
${cursor && html`<a class="button quiet" href="/?${parameters.toString()}">Older</a>`}
</nav>`
  return { site: 'desk', title: 'Requests', nav: reviewerNav(ctx), main }
}
