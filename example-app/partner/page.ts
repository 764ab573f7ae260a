import { nameOf } from '../provider/accounts.js'
import { html } from '../web/html.js'
import type { Page } from '../web/page.js'

export function statementsPage(customer: string): Page {
  const main = html`
<section class="card">
<h1>Your bank statements, in your books</h1>
<p class="lead">${nameOf(customer)}, we can read your statements at Harbour Bank when a person there has approved it.</p>
<div class="live" id="answer" hidden><span class="pulse" aria-hidden="true"></span>
<p id="progress" role="status" aria-live="polite"></p></div>
<div class="actions"><button class="button" id="ask" type="button">Connect my account</button></div>
<noscript><p>This page needs JavaScript: its script talks to the bank.</p></noscript>
</section>
<p class="note">Demo: the script of this page sends a token request to the bank's provider, on another origin, and waits for the answer.</p>`
  return { site: 'partner', title: 'Bank statements', narrow: true, script: 'statements.js', main }
}
