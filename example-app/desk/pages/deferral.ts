import type { Context } from 'koa'
import type { Deferral } from 'oidc-provider-deferred'
import { accountOf, nameOf } from '../../provider/accounts.js'
import { clientName } from '../../provider/clients.js'
import { confirmationEvent, customerOf } from '../../provider/customer.js'
import { scopeLabel } from '../../provider/scopes.js'
import type { HistoryLine } from '../../storage/entries.js'
import { facts, moment } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { approvalFacts } from '../approvals.js'
import { checkOf, evidenceOf } from '../evidence.js'
import { kindOf, profileOf } from '../request_kind.js'
import { approvalOf, badge, statusOf } from '../status.js'
import { decisionForms, progressForm } from './decision.js'
import { reviewerNav } from './nav.js'
import { notificationCard } from './notification.js'
import { paymentCard } from './payment.js'

const notices: Record<string, string> = {
  approved: 'You approved this request.',
  voted: 'You approved this request. Another person has to approve it as well.',
  unvoted: 'You took your approval back.',
  denied: 'You refused this request.',
  progress: 'The customer sees your progress text when the client polls next.',
  asked: 'The client gets the link for the customer when it polls next.',
  conflict: 'Nothing changed: this request was already decided, cancelled or expired, or you have approved it before.',
  replayed: 'The notification is being sent again.',
  unsent: 'Nothing was sent: the notification is already on its way, or the client does not need it any more.',
  widened: 'Nothing changed: a decision may take rights away, never add any.',
}

/** The text for the last action. A later action may have made it wrong: then there is none. */
function noticeFor(name: string, { status, notification }: Deferral): string | undefined {
  if (!Object.hasOwn(notices, name)) return undefined
  if (name !== 'approved' && name !== 'denied') return notices[name]
  if (name !== status) return undefined
  return `${notices[name]} The client ${notification ? 'is notified now' : 'learns it when it polls next'}.`
}

function picture(deferral: Deferral): Html | undefined {
  const evidence = evidenceOf(deferral)
  if (!evidence) return undefined
  const source = `/evidence/${evidence.reference}`
  return html`<section class="card" aria-labelledby="document"><h2 id="document">Document</h2><figure><a href="${source}"><img src="${source}" alt="${evidence.kind} of ${nameOf(deferral.accountId)}" width="560" height="356"></a>
<figcaption>${evidence.kind}, uploaded by the customer</figcaption></figure></section>`
}

function customer(deferral: Deferral, history: HistoryLine[]): Html {
  const confirmation = history.findLast(({ event }) => event === confirmationEvent)
  const account = accountOf(customerOf(deferral))
  const { decision, progress } = deferral
  const approval = approvalOf(deferral)
  return facts([
    ['Given name', account?.given_name],
    ['Family name', account?.family_name],
    ['Date of birth', account?.birthdate],
    ['Request', kindOf(deferral).name],
    ['Client', clientName(deferral.clientId)],
    ['Profile', profileOf(deferral)],
    ['Check', checkOf(deferral)],
    ['Customer', confirmation && html`confirmed ${moment(confirmation.createdAt, 'second')}`],
    ...approvalFacts(deferral),
    ['Expires', moment(deferral.expiresAt)],
    ['Progress shown', progress?.step],
    ['Rights granted', approval && (approval.scope ?? deferral.scope).map(scopeLabel).join(', ')],
    ['Reason', decision?.description],
    ['Note', decision?.note],
  ])
}

function timeline(history: HistoryLine[]): Html {
  return html`<ol class="timeline">${history.map(
    ({ event, by, detail, createdAt }) =>
      html`<li><strong>${event}</strong>${by && html` by ${by}`}${detail && html`<span>${detail}</span>`}${moment(createdAt, 'second')}</li>`,
  )}</ol>`
}

export function deferralPage(
  ctx: Context,
  deferral: Deferral,
  history: HistoryLine[],
  noticeName: string | undefined,
): Page {
  const notice = noticeName && noticeFor(noticeName, deferral)
  const open = statusOf(deferral) === 'pending'
  const name = nameOf(customerOf(deferral))
  const main = html`
<div class="heading"><h1>${name}</h1>${badge(deferral)}</div>
${notice && html`<p class="note" role="status">${notice}</p>`}
<div class="columns">
<div>
${picture(deferral)}${paymentCard(deferral)}
${open && progressForm(ctx, deferral)}
<section class="card" aria-labelledby="history"><h2 id="history">History</h2>${timeline(history)}</section>
</div>
<div>
<section class="card" aria-labelledby="customer"><h2 id="customer">What we know</h2>${customer(deferral, history)}</section>
${open ? decisionForms(ctx, deferral) : notificationCard(ctx, deferral)}
</div>
</div>`
  return { site: 'desk', title: name, nav: reviewerNav(ctx), main }
}
