import type { Context } from 'koa'
import type { Deferral } from 'oidc-provider-deferred'
import { facts, moment } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { csrfField, sessionOf } from '../../web/session.js'
import { nameOf } from '../accounts.js'
import { clientName } from '../clients.js'
import { requestedPayment } from '../customer.js'
import { spoken } from '../money.js'
import { signInForm } from '../pages/sign_in.js'
import { scopeNamed } from '../scopes.js'

function page(title: string, text: Html, status = 200): Page {
  return {
    site: 'provider',
    title,
    narrow: true,
    status,
    main: html`<section class="card">\n<h1>${title}</h1>\n${text}\n</section>`,
  }
}

/** Before anything is shown about the request. */
export function signInPage(ctx: Context, problem?: string): Page {
  const text = html`<p class="lead">Somebody waits for your answer. Sign in to see the question.</p>
${signInForm(ctx, `${pathOf(ctx)}/sign-in`, problem)}`
  return page('Sign in', text)
}

/** Unknown, or somebody else's: the same page, which says nothing about the request. */
export function strangerPage(ctx: Context): Page {
  const text = html`<p class="lead">There is no question for ${nameOf(sessionOf(ctx).user)} here.</p>
${signOut(ctx, 'button quiet', 'Sign in as somebody else')}`
  return page('This is not for you', text, 403)
}

export function overPage(ctx: Context): Page {
  const text = html`<p class="lead">It was answered, decided or withdrawn, or it took too long. Nothing was changed by opening this page.</p>
${signOut(ctx, 'link', 'Sign out')}`
  return page('This question is closed', text, 410)
}

function asked(deferral: Deferral): Html {
  const payment = requestedPayment(deferral)
  if (!payment) {
    const rights = deferral.scope.flatMap((name) => scopeNamed(name) ?? [])
    return html`<ul class="rights">${rights.map(({ label, detail }) => html`<li><strong>${label}</strong><span>${detail}</span></li>`)}</ul>`
  }
  return facts([
    ['Amount', html`<strong>${spoken(payment.sum)}</strong>`],
    ['To', payment.creditor],
    ['From', `your account, ${nameOf(payment.customer)}`],
  ])
}

/** Which client asks for what, and two buttons: nothing happens until one of them is pressed. */
export function questionPage(ctx: Context, deferral: Deferral): Page {
  const action = pathOf(ctx)
  const text = html`<p class="lead"><strong>${clientName(deferral.clientId)}</strong> asks for this in your name:</p>
${asked(deferral)}
<p class="note">Confirm only what you expected. A colleague of ours decides afterwards. Until ${moment(deferral.expiresAt)}.</p>
<div class="actions">
<form method="post" action="${action}/yes">${csrfField(ctx)}<button class="button">Yes, I want this</button></form>
<form method="post" action="${action}/no">${csrfField(ctx)}<button class="button danger">No, refuse it</button></form>
</div>
${signOut(ctx, 'link', `I am not ${nameOf(sessionOf(ctx).user)}`)}`
  return page('Did you ask for this?', text)
}

export function confirmedPage(): Page {
  return page('Thank you', lead('We go on with your request. You can close this page.'))
}

export function refusedPage(): Page {
  return page('It will not happen', lead('You refused the request. You can close this page.'))
}

/** Without a link there is no question. */
export function doorPage(): Page {
  return page('Nothing to confirm', lead('Please open the link you were given.'))
}

function lead(sentence: string): Html {
  return html`<p class="lead">${sentence}</p>`
}

function signOut(ctx: Context, style: string, label: string): Html {
  return html`<form class="aside" method="post" action="${pathOf(ctx)}/sign-out">${csrfField(ctx)}<button class="${style}">${label}</button></form>`
}

function pathOf(ctx: Context): string {
  return `/confirm/${ctx.params.id}`
}
