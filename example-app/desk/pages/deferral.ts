import type { Context } from 'koa'
import type { Deferral } from 'oidc-provider-deferred'
import { accountOf, nameOf } from '../../provider/accounts.js'
import { clientName } from '../../provider/clients.js'
import { confirmed, customerOf } from '../../provider/customer.js'
import { scopeLabel } from '../../provider/scopes.js'
import type { HistoryLine } from '../../storage/entries.js'
import { facts, moment } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { checkOf, evidenceOf } from '../evidence.js'
import { kindOf, profileOf } from '../request_kind.js'
import { badge, grantedBy, shownStatus } from '../status.js'
import { decisionForms, progressForm } from './decision.js'
import { reviewerNav } from './nav.js'
import { notificationCard } from './notification.js'
import { paymentCard } from './payment.js'

const notices: Record<string, string> = {
  approved: 'You approved this request.',
  denied: 'You refused this request.',
  progress: 'The customer sees your progress text when the client asks next.',
  asked: 'The client gets the link for the customer when it asks next.',
  conflict: 'Nothing changed: this request was decided, cancelled or ran out before you did.',
  authority: 'Nothing changed: that amount needs a risk officer.',
  replayed: 'It is being sent again.',
  unsent: 'Nothing was sent: it is being sent already, or there is nobody left to tell.',
  widened: 'Nothing changed: a decision may take rights away, never add any.',
}

/** What the last action did, unless a later one has made that old news. */
function noticeFor(name: string, { status, notification }: Deferral): string | undefined {
  if (!Object.hasOwn(notices, name)) return undefined
  if (name !== 'approved' && name !== 'denied') return notices[name]
  if (name !== status) return undefined
  return `${notices[name]} The client ${notification ? 'is told now' : 'learns it when it asks next'}.`
}

function picture(deferral: Deferral): Html | undefined {
  const evidence = evidenceOf(deferral)
  if (!evidence) return undefined
  const source = `/evidence/${evidence.reference}`
  return html`<section class="card" aria-labelledby="document"><h2 id="document">Document</h2><figure><a href="${source}"><img src="${source}" alt="${evidence.kind} given by ${nameOf(deferral.accountId)}" width="560" height="356"></a>
<figcaption>${evidence.kind}, as given by the customer</figcaption></figure></section>`
}

function customer(deferral: Deferral, history: HistoryLine[]): Html {
  const confirmation = history.findLast(({ event }) => event === confirmed)
  const account = accountOf(customerOf(deferral))
  const { decision, progress } = deferral
  const granted = grantedBy(deferral)
  return facts([
    ['Given name', account?.given_name],
    ['Family name', account?.family_name],
    ['Date of birth', account?.birthdate],
    ['Request', kindOf(deferral).name],
    ['Asked by', clientName(deferral.clientId)],
    ['Profile', profileOf(deferral)],
    ['Check', checkOf(deferral)],
    ['Customer', confirmation && html`confirmed ${moment(confirmation.createdAt, 'second')}`],
    ['Until', moment(deferral.expiresAt)],
    ['Progress shown', progress?.step],
    ['Rights granted', granted && (granted.scope ?? deferral.scope).map(scopeLabel).join(', ')],
    ['Reason given', decision?.description],
    ['Note', decision?.note],
  ])
}

function timeline(history: HistoryLine[]): Html {
  return html`<ol class="timeline">${history.map(
    ({ event, by, detail, createdAt }) =>
      html`<li><strong>${event}</strong>${by && html` by ${by}`}${detail && html`<span>${detail}</span>`}${moment(createdAt, 'second')}</li>`,
  )}</ol>`
}

export function deferralPage(ctx: Context, deferral: Deferral, history: HistoryLine[], left: string | undefined): Page {
  const notice = left && noticeFor(left, deferral)
  const open = shownStatus(deferral) === 'pending'
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
