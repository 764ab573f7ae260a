import type { Context } from 'koa'
import type { Deferral } from 'oidc-provider-deferred'
import { customerOf, requestedPayment } from '../../provider/customer.js'
import { scopeNamed } from '../../provider/scopes.js'
import { enterDoesNothing } from '../../web/form.js'
import { type Html, html } from '../../web/html.js'
import { csrfField } from '../../web/session.js'
import { kindOf } from '../request_kind.js'
import { askCustomer, paymentApproval } from './payment.js'

/** The one right that a reviewer cannot take away: there is no sign-in without it. */
export const indispensable = 'openid'

function scopeChoice(scope: string): Html {
  const { label, detail } = scopeNamed(scope) ?? { label: scope, detail: '' }
  const fixed = scope === indispensable
  return html`<label class="check"><input type="checkbox" name="scope" value="${scope}" checked${fixed && html` disabled`}>
<span><strong>${label}</strong><small>${detail}${fixed && ' - always included'}</small></span></label>`
}

function approval(action: string, csrf: Html, deferral: Deferral): Html {
  return html`<section class="card" aria-labelledby="approve"><h2 id="approve">Approve</h2>
<form method="post" action="${action}/approve">${csrf}${enterDoesNothing}
<fieldset><legend>Rights, not more than the client asked for</legend>${deferral.scope.map(scopeChoice)}</fieldset>
<label for="note">Note <span class="optional">for colleagues, optional</span></label><input id="note" name="note" maxlength="200" autocomplete="off">
<div class="actions"><button class="button">Approve</button></div>
</form></section>`
}

function refusal(action: string, csrf: Html, deferral: Deferral): Html {
  return html`<section class="card" aria-labelledby="refuse"><h2 id="refuse">Refuse</h2>
<form method="post" action="${action}/deny">${csrf}${enterDoesNothing}
<label for="description">Reason <span class="optional">the customer reads it</span></label>
<input id="description" name="description" maxlength="120" required autocomplete="off" list="reasons">
<datalist id="reasons">${kindOf(deferral).reasons.map((reason) => html`<option>${reason}`)}</datalist>
<div class="actions"><button class="button danger">Refuse</button></div>
</form></section>`
}

/** The form for the progress text. It decides nothing. */
export function progressForm(ctx: Context, deferral: Deferral): Html {
  return html`<section class="card" aria-labelledby="progress"><h2 id="progress">Tell the customer about the progress</h2>
<form method="post" action="/deferrals/${deferral.id}/progress">${csrfField(ctx)}
<label for="step">Step</label><input id="step" name="step" maxlength="80" required autocomplete="off" value="${kindOf(deferral).step}">
<div class="pair">
<div><label for="position">Place in line</label><input id="position" name="position" type="number" min="1" max="999" inputmode="numeric"></div>
<div><label for="estimate">Minutes left</label><input id="estimate" name="estimate" type="number" min="1" max="999" inputmode="numeric"></div>
</div>
<div class="actions"><button class="button quiet">Send progress</button></div>
</form></section>`
}

/** The forms to approve or refuse. */
export function decisionForms(ctx: Context, deferral: Deferral): Html {
  const action = `/deferrals/${deferral.id}`
  const csrf = csrfField(ctx)
  const payment = requestedPayment(deferral)
  const customer = deferral.profile === 'oauth' ? customerOf(deferral) : undefined
  return html`${customer && askCustomer(ctx, deferral, customer)}
${payment ? paymentApproval(ctx, deferral, payment) : approval(action, csrf, deferral)}${refusal(action, csrf, deferral)}`
}
