import type { Context } from 'koa'
import { problemNote } from '../../web/card.js'
import { html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { csrfField } from '../../web/session.js'
import { demoPassword, reviewers } from '../reviewers.js'

export function signInPage(ctx: Context, problem?: string): Page {
  const main = html`
<section class="card">
<h1>Reviewers sign in here</h1>
${problemNote(problem)}
<form method="post" action="/sign-in">
${csrfField(ctx)}
<label for="reviewer">Reviewer</label>
<select id="reviewer" name="reviewer">${reviewers.map(({ id, name, title }) => html`<option value="${id}">${name}, ${title}</option>`)}</select>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="off" required aria-describedby="password-hint">
<p class="hint" id="password-hint">This is a demo: the password is <code>${demoPassword}</code>.</p>
<div class="actions"><button class="button">Sign in</button></div>
</form>
</section>`
  return { site: 'desk', title: 'Sign in', narrow: true, main, ...(problem && { status: 403 }) }
}
