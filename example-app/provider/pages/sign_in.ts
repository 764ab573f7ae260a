import type { Context } from 'koa'
import { problemNote, steps } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { csrfField } from '../../web/session.js'
import { accounts } from '../accounts.js'

/** The sign-in form. It leads to `action`. */
export function signInForm(ctx: Context, action: string, problem?: string): Html {
  return html`
${problemNote(problem)}
<form method="post" action="${action}">
${csrfField(ctx)}
<fieldset>
<legend>Demo account</legend>
<div class="choices">${accounts.map(
    ({ id, given_name, family_name }, index) => html`
<label class="choice"><input type="radio" name="account" value="${id}"${index === 0 && html` checked`}>
<span class="avatar" aria-hidden="true">${given_name[0]}${family_name[0]}</span><span>${given_name} ${family_name}</span></label>`,
  )}
</div>
</fieldset>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="off" required aria-describedby="password-hint">
<p class="hint" id="password-hint">This is a demo: any password works.</p>
<div class="actions"><button class="button">Sign in</button></div>
</form>`
}

/** One step of an interaction. */
export interface Step {
  uid: string
  stages: readonly string[]
  problem?: string | undefined
}

export function signInPage(ctx: Context, { uid, stages, problem }: Step): Page {
  const main = html`
${steps(stages, 0)}
<section class="card">
<h1>Sign in</h1>
<p class="lead">Harbour Bank asks who you are.</p>
${signInForm(ctx, `/interaction/${uid}/sign-in`, problem)}
</section>
<form class="aside" method="post" action="/interaction/${uid}/decline">${csrfField(ctx)}<button class="link">Cancel and go back</button></form>`
  return { site: 'provider', title: 'Sign in', narrow: true, main }
}
