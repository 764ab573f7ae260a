import type { Context } from 'koa'
import type { Deferral } from 'oidc-provider-deferred'
import { nameOf } from '../../provider/accounts.js'
import { awaitsCustomer, requestedPayment } from '../../provider/customer.js'
import { decimal, spoken } from '../../provider/money.js'
import { type Payment, paymentOf } from '../../provider/payment.js'
import { facts } from '../../web/card.js'
import { enterDoesNothing } from '../../web/form.js'
import { type Html, html } from '../../web/html.js'
import { csrfField, sessionOf } from '../../web/session.js'
import { hasApproved } from '../approvals.js'
import { approvalOf } from '../status.js'

/** The payment that the agent asked for, and the amount that was granted. */
export function paymentCard(deferral: Deferral): Html | undefined {
  const payment = requestedPayment(deferral)
  const approved = paymentOf(approvalOf(deferral)?.authorizationDetails?.[0])
  return (
    payment &&
    html`<section class="card" aria-labelledby="payment"><h2 id="payment">Payment</h2>${facts([
      ['Amount', html`<strong>${spoken(payment.sum)}</strong>`],
      ['To', payment.creditor],
      ['From', `the account of ${nameOf(payment.customer)}`],
      ['Approved', approved && spoken(approved.sum)],
    ])}</section>`
  )
}

/** The form to approve the payment or a part of it, or to take one's approval back while another one is missing. */
export function paymentApproval(ctx: Context, deferral: Deferral, { sum }: Payment): Html {
  const action = `/deferrals/${deferral.id}`
  if (hasApproved(deferral, sessionOf(ctx).user)) {
    return html`<section class="card" aria-labelledby="approve"><h2 id="approve">Approve</h2>
<p>You approved this payment. Another person has to approve it as well.</p>
<form method="post" action="${action}/unvote">${csrfField(ctx)}
<div class="actions"><button class="button quiet">Take my approval back</button></div></form></section>`
  }
  return html`<section class="card" aria-labelledby="approve"><h2 id="approve">Approve</h2>
${(deferral.quorum ?? 1) > 1 && html`<p>${deferral.quorum} people have to approve this payment. The smallest amount counts.</p>`}
<form method="post" action="${action}/approve">${csrfField(ctx)}${enterDoesNothing}
<label for="amount">Amount in euro <span class="optional">not more than the client asked for</span></label>
<input id="amount" name="amount" value="${decimal(sum)}" inputmode="decimal" required autocomplete="off" pattern="[0-9]+([.][0-9]{1,2})?">
<label for="note">Note <span class="optional">for colleagues, optional</span></label><input id="note" name="note" maxlength="200" autocomplete="off">
<div class="actions"><button class="button">Approve</button></div>
</form></section>`
}

/** The form that asks the customer to confirm. */
export function askCustomer(ctx: Context, deferral: Deferral, customer: string): Html {
  const name = nameOf(customer)
  const text = awaitsCustomer(deferral)
    ? html`<p role="status">We wait for ${name}.</p>`
    : html`<p>The client passes a link on to ${name}, who signs in here and confirms or refuses.</p>
<form method="post" action="/deferrals/${deferral.id}/ask">${csrfField(ctx)}
<div class="actions"><button class="button quiet">Ask the customer to confirm</button></div></form>`
  return html`<section class="card" aria-labelledby="ask"><h2 id="ask">Ask the customer</h2>${text}</section>`
}
