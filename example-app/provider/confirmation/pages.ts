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

/** The sign-in. It shows nothing about the request. */
export function signInPage(ctx: Context, problem?: string): Page {
  const text = html`<p class="lead">We have a question for you. Sign in to read it.</p>
${signInForm(ctx, `${pathOf(ctx)}/sign-in`, problem)}`
  return page('Sign in', text)
}

/** The same page for an unknown request and for the request of another customer. It shows nothing about the request. */
export function wrongCustomerPage(ctx: Context): Page {
  const text = html`<p class="lead">We have no question for ${nameOf(sessionOf(ctx).user)} here.</p>
${signOut(ctx, 'button quiet', 'Sign in with another account')}`
  return page('This is not for you', text, 403)
}

export function closedPage(ctx: Context): Page {
  const text = html`<p class="lead">Somebody has answered it, the request has ended, or the time is over. Opening this page changed nothing.</p>
${signOut(ctx, 'link', 'Sign out')}`
  return page('This question is closed', text, 410)
}

function requestOf(deferral: Deferral): Html {
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

/** The question, with a button for each answer. */
export function questionPage(ctx: Context, deferral: Deferral): Page {
  const action = pathOf(ctx)
  const text = html`<p class="lead"><strong>${clientName(deferral.clientId)}</strong> asks us for this in your name:</p>
${requestOf(deferral)}
<p class="note">Confirm only what you asked for. After that a reviewer decides. You can answer until ${moment(deferral.expiresAt)}.</p>
<div class="actions">
<form method="post" action="${action}/yes">${csrfField(ctx)}<button class="button">Yes, I want this</button></form>
<form method="post" action="${action}/no">${csrfField(ctx)}<button class="button danger">No, refuse it</button></form>
</div>
${signOut(ctx, 'link', `I am not ${nameOf(sessionOf(ctx).user)}`)}`
  return page('Did you ask for this?', text)
}

export function confirmedPage(): Page {
  return page('Thank you', lead('We continue with your request. You can close this page.'))
}

export function refusedPage(): Page {
  return page('You refused the request', lead('It will not happen. You can close this page.'))
}

/** The home page of the site. Only links lead to questions. */
export function noLinkPage(): Page {
  return page('Nothing to confirm', lead('Please open the link that you received.'))
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
