import { canReplay, deliveryBadge } from '../delivery.js'
import { detailWords } from '../details.js'
import { display, quoted } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { moment, namesOf } from '../words.js'
import { resourceWords, scopeWords } from './asked.js'
import { confirmDialog } from './confirm.js'
import { decisionForm, plainForm } from './forms.js'
import { card, facts } from './layout.js'

/** What was granted; nothing of a request that was refused or cancelled. */
function granted(view: RequestView): SafeHtml | undefined {
  const { status, decision, scope, resource, authorizationDetails } = view.deferral
  if (!decision || (status !== 'approved' && status !== 'redeemed')) return undefined
  const {
    scope: rights = scope,
    resource: where = resource,
    authorizationDetails: details = authorizationDetails ?? [],
  } = decision
  const items = [
    ...details.map((detail) => safe`<bdi>${detailWords(view.visit.desk, detail).summary}</bdi>`),
    ...rights.map((name) => scopeWords(view, name).label),
    ...where.map((uri) => resourceWords(view, uri).label),
  ]
  return safe`${items.map((item, at) => safe`${at > 0 && ', '}${item}`)}`
}

function takeBack(view: RequestView): SafeHtml | undefined {
  const { deferral, obstacle } = view
  if (deferral.status !== 'approved' || deferral.expired || obstacle !== undefined) return undefined
  const content = safe`<p>The client has not collected its tokens yet. Until it does, the approval can be taken back.</p>
<div class="actions"><button class="button danger">Take the approval back</button></div>`
  return safe`${decisionForm(view, 'cancel', content, 'confirm-cancel')}${confirmDialog('cancel', view)}`
}

/** Whether the client was notified of the outcome. Nothing for a client that polls only. */
function delivery(view: RequestView, channel: 'notification' | 'ping', title: string): SafeHtml | undefined {
  const { [channel]: notification } = view.deferral
  if (!notification) return undefined
  const { attempts, attemptedAt, answer, reason, nextAttemptAt, deliveredAt } = notification
  const content = safe`${facts([
    ['State', deliveryBadge(notification)],
    ['Attempts', attempts > 0 ? String(attempts) : undefined],
    ['Last attempt', attemptedAt && moment(attemptedAt)],
    ['Answer', answer === undefined ? undefined : String(answer)],
    ['Reason', reason && display(reason)],
    ['Next attempt', nextAttemptAt && moment(nextAttemptAt)],
    ['Delivered', deliveredAt && moment(deliveredAt)],
  ])}${canReplay(view.deferral, notification) && plainForm(view, 'replay', safe`<div class="actions"><button class="button quiet">Send again</button></div>`)}`
  return card(channel, title, content)
}

/** How it ended, and who ended it. */
export function outcomeCard(view: RequestView): SafeHtml {
  const { deferral, nameOf } = view
  const { decision, cancelledAt, cancelledBy, cancellationReason, redeemedAt, expiresAt, expired } = deferral
  const names = (by: Parameters<typeof namesOf>[0]) => namesOf(by).map(nameOf).join(', ') || undefined
  const refused = deferral.status === 'denied'
  const content = facts([
    [refused ? 'Refused by' : 'Approved by', decision && (names(decision.by) ?? 'nobody named')],
    [refused ? 'Refused' : 'Approved', decision && moment(decision.at)],
    ['Granted', granted(view)],
    ['Reason for the client', decision?.description && quoted(decision.description, 1000)],
    ['Note for colleagues', decision?.note && quoted(decision.note, 2000)],
    ['Tokens collected', redeemedAt && moment(redeemedAt)],
    ['Cancelled', cancelledAt && moment(cancelledAt)],
    [
      'Cancelled by',
      cancelledAt && (names(cancelledBy) ?? (cancellationReason ? display(cancellationReason) : 'the client')),
    ],
    ['Expired', expired ? moment(expiresAt) : undefined],
  ])
  const notification = delivery(view, 'notification', 'Notification of the client')
  const ping = delivery(view, 'ping', 'Ping of the client (CIBA)')
  return safe`${card('outcome', 'Outcome', safe`${content}${takeBack(view)}`)}${notification}${ping}`
}
