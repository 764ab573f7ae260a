import type { Context } from 'koa'
import type { Deferral, Notification, NotificationStatus } from 'oidc-provider-deferred'
import { clientName } from '../../provider/clients.js'
import { facts, moment } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import { csrfField } from '../../web/session.js'

/** Delivery states of a notification, as reviewers read them. The first one needs a reviewer. */
export const notificationFilters: Readonly<Record<NotificationStatus, string>> = {
  failed: 'Not delivered',
  owed: 'Being sent',
  delivered: 'Delivered',
  waiting: 'Not decided yet',
  suppressed: 'Not needed',
}

export function isNotificationFilter(value: unknown): value is NotificationStatus {
  return typeof value === 'string' && Object.hasOwn(notificationFilters, value)
}

export function notificationBadge({ status }: Notification): Html {
  return html`<span class="badge ${status}">${notificationFilters[status]}</span>`
}

/** The answer to the last attempt. Nothing during an attempt: the record has the answer to the attempt before. */
export function answerTo({ status, attempts, answer, reason, nextAttemptAt }: Notification): string | undefined {
  const isUnderWay = status === 'owed' && !nextAttemptAt
  if (attempts === 0 || isUnderWay) return undefined
  // An attempt without an answer has a reason.
  return answer === undefined ? reason && 'none' : String(answer)
}

/** The button to send it again. A client that has its tokens, or whose request expired, needs no notification. */
export function replayForm(ctx: Context, { id, status, expired, notification }: Deferral): Html | undefined {
  if (!notification || expired || status === 'redeemed') return undefined
  if (notification.status !== 'failed' && !notification.nextAttemptAt) return undefined
  return html`<form method="post" action="/deferrals/${id}/replay">${csrfField(ctx)}<button class="button quiet">Send again</button></form>`
}

const handles = { openid: 'deferred_auth_id', oauth: 'deferral_code' }

/** The notification, its attempts and the client's answers. Nothing for clients without a notification endpoint. */
export function notificationCard(ctx: Context, deferral: Deferral): Html | undefined {
  const { notification, profile, clientId } = deferral
  if (!notification) return undefined
  const { status, attempts, attemptedAt, reason, nextAttemptAt, deliveredAt } = notification
  const replay = replayForm(ctx, deferral)
  return html`<section class="card" aria-labelledby="notification">
<div class="title"><h2 id="notification">Notification</h2>${notificationBadge(notification)}</div>
${facts([
  ['Client', clientName(clientId)],
  ['Content', html`only the <code>${handles[profile]}</code>`],
  ['Attempts', attempts > 0 ? String(attempts) : undefined],
  ['Last attempt', attemptedAt && moment(attemptedAt, 'second')],
  ['Answer', answerTo(notification)],
  ['Reason', reason],
  ['Next attempt', status === 'owed' && nextAttemptAt ? moment(nextAttemptAt, 'second') : undefined],
  ['Delivered', deliveredAt && moment(deliveredAt, 'second')],
])}
${replay && html`<div class="actions">${replay}</div>`}
</section>`
}
