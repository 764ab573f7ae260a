import type { Deferral, ListedNotification, NotificationStatus } from '../../index.js'
import { canReplay, deliveries, deliveryBadge, notificationStatuses } from '../delivery.js'
import type { Visit } from '../desk.js'
import { display, quoted } from '../display.js'
import { kindInWords } from '../queue_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { since } from '../words.js'
import { showTo } from './layout.js'

/** A page of notifications. */
export interface ShownNotifications {
  rows: readonly { notification: ListedNotification; deferral: Deferral; client: string }[]
  status: NotificationStatus | undefined
  /** cursor of the next page */
  cursor: string | undefined
}

function searchOf(members: Record<string, string | undefined>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(members)) if (value !== undefined) query.set(name, value)
  return query.size > 0 ? `?${query}` : ''
}

function tabs(current: NotificationStatus | undefined): SafeHtml {
  const tab = (status: NotificationStatus | undefined, name: string) =>
    safe`<a href="notifications${searchOf({ status })}"${status === current && safe` aria-current="page"`}>${name}</a>`
  return safe`<nav class="tabs" aria-label="Status">${tab(undefined, 'All')}${notificationStatuses.map((status) => tab(status, deliveries[status]))}</nav>`
}

function lastAttempt({ attemptedAt, deliveredAt, answer, reason }: ListedNotification, now: Date): SafeHtml {
  const at = deliveredAt ?? attemptedAt
  return safe`${at && since(at, now)}${answer !== undefined && safe` <small>status ${answer}</small>`}${
    reason !== undefined && safe` <small>${quoted(reason, 120)}</small>`
  }`
}

function row(
  visit: Visit,
  { notification, deferral, client }: ShownNotifications['rows'][number],
  search: string,
): SafeHtml {
  const { id, attempts } = notification
  const title = deferral.title === undefined ? kindInWords(visit, deferral) : quoted(deferral.title, 120)
  const button = safe`<form method="post" action="notifications/${id}/replay${search}"><button class="button quiet" aria-label="Send again: ${
    deferral.title === undefined ? id : display(deferral.title, 80)
  }">Send again</button></form>`
  return safe`<tr role="row"><td role="cell" class="what"><a class="row" href="deferrals/${id}">${title}</a><small>to ${quoted(client, 80)}</small></td>
<td role="cell">${deliveryBadge(notification)}</td>
<td role="cell"><span class="narrow-only">attempts: </span>${attempts}</td><td role="cell">${lastAttempt(notification, visit.desk.now())}</td>
<td role="cell">${canReplay(deferral, deferral.notification) && button}</td></tr>`
}

/** Answers with a page of notifications. */
export function showNotifications(visit: Visit, { rows, status, cursor }: ShownNotifications): void {
  const search = searchOf({ status })
  const heads = ['Request', 'Status', 'Attempts', 'Last attempt', 'Again']
  const table = safe`<table role="table" aria-label="Notifications">
<thead role="rowgroup"><tr role="row">${heads.map((name) => safe`<th role="columnheader" scope="col">${name}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map((entry) => row(visit, entry, search))}</tbody></table>`
  const next =
    cursor !== undefined &&
    safe`<nav class="pages" aria-label="Pages"><a class="button quiet" href="notifications${searchOf({ status, cursor })}" rel="next">Next page</a></nav>`
  const main = safe`<div class="heading"><h1>Notifications</h1></div>
${tabs(status)}
<section class="card flush" aria-label="Notifications">${rows.length > 0 ? table : safe`<p class="empty">There is none here.</p>`}</section>
${next}`
  showTo(visit, { title: 'Notifications', main, section: 'notifications' })
}
