import type { NotificationStatus } from '../../index.js'
import type { Visit } from '../desk.js'
import { display, quoted } from '../display.js'
import type { NotificationList, NotificationRow } from '../notification_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { badge, deliveries, deliveryBadge, moment } from '../words.js'
import { showTo } from './layout.js'

type Status = NotificationStatus | 'all'

const hrefOf = (status: Status, cursor?: string) =>
  `notifications?${new URLSearchParams({ status, ...(cursor !== undefined && { cursor }) })}`

function tabs(status: Status): SafeHtml {
  const names = [...Object.entries(deliveries), ['all', 'All']] as [Status, string][]
  return safe`<nav class="tabs" aria-label="State">${names.map(([name, words]) => safe`<a href="./${hrefOf(name)}"${name === status && safe` aria-current="page"`}>${words}</a>`)}</nav>`
}

function row({ deferral, notification, client, kind, canReplay }: NotificationRow): SafeHtml {
  const { id, title } = deferral
  const { attempts, attemptedAt, answer, reason, nextAttemptAt } = notification
  return safe`<tr role="row">
<td role="cell" class="what"><a class="row" href="deferrals/${id}">${title === undefined ? kind : quoted(title, 120)}</a>
<small>${badge(deferral)}</small></td>
<td role="cell" class="who">${quoted(client, 80)}</td>
<td role="cell" class="when">${deliveryBadge(notification)}${attempts > 0 && safe`<small>${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}</small>`}</td>
<td role="cell" class="answer">${answer !== undefined && safe`<span class="narrow-only">answer </span>${answer}`}${reason && safe`<small>${display(reason)}</small>`}</td>
<td role="cell" class="age">${attemptedAt && safe`<span class="narrow-only">last attempt </span>${moment(attemptedAt)}`}${nextAttemptAt && safe`<small>next ${moment(nextAttemptAt)}</small>`}</td>
<td role="cell">${canReplay && safe`<form method="post" action="deferrals/${id}/replay"><button class="button quiet">Send again</button></form>`}</td>
</tr>`
}

const columns = ['Request', 'Client', 'State', 'Answer', 'Last attempt', 'Action']

function table({ rows, status }: NotificationList): SafeHtml {
  if (rows.length === 0) {
    const words =
      status === 'failed' ? 'Nothing here. Every notification was delivered, or is still being sent.' : 'Nothing here.'
    return safe`<p class="empty">${words}</p>`
  }
  return safe`<table role="table" aria-label="Notifications">
<thead role="rowgroup"><tr role="row">${columns.map((name) => safe`<th role="columnheader" scope="col">${name}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map(row)}</tbody>
</table>`
}

/** Answers with a page of the notifications of clients. */
export function showNotifications(visit: Visit, list: NotificationList): void {
  const { status, cursor, isFurther } = list
  const more =
    (isFurther || cursor !== undefined) &&
    safe`<nav class="pages" aria-label="Pages">
${isFurther && safe`<a class="button quiet" href="./${hrefOf(status)}">First page</a>`}
${cursor !== undefined && safe`<a class="button quiet" href="./${hrefOf(status, cursor)}" rel="next">Next page</a>`}
</nav>`
  const main = safe`<div class="heading"><h1>Notifications</h1></div>
<p class="hint">Clients with a notification endpoint are told of a decision at once. All others learn it when they poll next.</p>
${tabs(status)}
<section class="card flush" aria-label="Notifications">${table(list)}</section>
${more}`
  showTo(visit, { title: 'Notifications', main, section: 'notifications' })
}
