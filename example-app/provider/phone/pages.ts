import type { Context } from 'koa'
import type { Question } from '../../storage/entries.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { csrfField } from '../../web/session.js'
import { clientName } from '../clients.js'
import { signInForm } from '../pages/sign_in.js'

function page(title: string, text: Html): Page {
  return {
    site: 'provider',
    title,
    narrow: true,
    main: html`<section class="card">\n<h1>${title}</h1>\n${text}\n</section>`,
  }
}

/** The lock screen of the phone. */
export function lockedPage(ctx: Context, problem?: string): Page {
  return page(
    'Your phone',
    html`<p class="lead">Unlock it to see what Harbour asks you.</p>
${signInForm(ctx, '/phone/sign-in', problem)}`,
  )
}

export function quietPage(): Page {
  return page('Nothing to answer', html`<p class="lead">Harbour has no question for you.</p>`)
}

/** The question, with a button for each answer. */
export function askedPage(ctx: Context, { deferralId, clientId }: Question): Page {
  const action = `/phone/${deferralId}`
  return page(
    'Is it you?',
    html`<p class="lead">Somebody signs in to <strong>${clientName(clientId)}</strong> with your password.</p>
<div class="actions">
<form method="post" action="${action}/yes">${csrfField(ctx)}<button class="button">Yes, it is me</button></form>
<form method="post" action="${action}/no">${csrfField(ctx)}<button class="button danger">No, stop it</button></form>
</div>`,
  )
}
