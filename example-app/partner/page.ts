import { nameOf } from '../provider/accounts.js'
import { html } from '../web/html.js'
import type { Page } from '../web/page.js'

export function statementsPage(customer: string): Page {
  const main = html`
<section class="card">
<h1>Your bank statements, in your books</h1>
<p class="lead">${nameOf(customer)}, we read your statements at Harbour Bank as soon as a person there has agreed.</p>
<div class="live" id="answer" hidden><span class="pulse" aria-hidden="true"></span>
<p id="progress" role="status" aria-live="polite"></p></div>
<div class="actions"><button class="button" id="ask" type="button">Connect my account</button></div>
<noscript><p>This page talks to the bank by itself, and needs JavaScript for it.</p></noscript>
</section>
<p class="note">Demo: the script of this page asks the bank's provider, which is on another origin, and polls it until there is an answer.</p>`
  return { site: 'partner', title: 'Bank statements', narrow: true, script: 'statements.js', main }
}
