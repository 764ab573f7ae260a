import type { Context } from 'koa'
import type { Journey } from '../../storage/entries.js'
import { html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { csrfField } from '../../web/session.js'

const stages = [
  ['Sign in', 'with Harbour ID, and show a picture of your document.'],
  ['Go on with your day', 'A person checks the document. You can close the page.'],
  ['Your account is open', 'with the rights that the reviewer approved.'],
] as const

export function homePage(ctx: Context, journey: Journey | undefined, desk: string): Page {
  const hasRequest = journey && journey.status !== 'started'
  const main = html`
<section class="hero">
<div>
<h1>A current account, checked by people</h1>
<p class="lead">Asking for an account takes you three minutes. Checking who you are takes us longer, and you do not have to wait.</p>
<div class="actions">
<form method="post" action="/account">${csrfField(ctx)}<button class="button large">Open an account</button></form>
<form method="post" action="/banking">${csrfField(ctx)}<button class="button quiet large">Sign in</button></form>
${hasRequest && html`<a class="button quiet large" href="/account">See my request</a>`}
</div>
</div>
<div class="bankcard" aria-hidden="true"><span>Harbour</span><span class="chip"></span><span class="number">NL00 HRBR 0000 0000 00</span><span>Your name here</span></div>
</section>
<ol class="way">${stages.map(([title, text]) => html`<li><h2>${title}</h2><p>${text}</p></li>`)}</ol>
<p class="note">This is a demo. You play both sides: be the customer here, then decide as a reviewer at <a href="${desk}/">${desk.replace('http://', '')}</a>.</p>`
  return { site: 'relying-party', title: 'Open an account', main }
}
