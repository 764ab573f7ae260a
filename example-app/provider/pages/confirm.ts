import type { Context } from 'koa'
import type { Evidence } from '../../storage/entries.js'
import { steps } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { csrfField } from '../../web/session.js'
import { nameOf } from '../accounts.js'
import { kinds } from '../evidence.js'
import { scopeNamed } from '../scopes.js'
import type { Step } from './sign_in.js'

export interface Confirmation extends Step {
  scope: string
  accountId: string | undefined
  /** The uploaded document, when the request needs one. */
  document?: Evidence | undefined
}

function documentOf(uid: string, { kind }: Evidence): Html {
  return html`<h2>Your document</h2>
<div class="document"><img src="/interaction/${uid}/picture" alt="The ${kinds[kind]?.toLowerCase()} you uploaded" width="176" height="112">
<p>${kinds[kind]}<br><a href="/interaction/${uid}?again">Choose another picture</a></p></div>
<p class="note">A person decides, not a machine. You can close the page afterwards. You will find the answer at Harbour Bank.</p>`
}

export function confirmPage(ctx: Context, { uid, stages, scope, accountId, document }: Confirmation): Page {
  const rights = scope.split(' ').flatMap((name) => scopeNamed(name) ?? [])
  const main = html`
${steps(stages, stages.length - 1)}
<section class="card">
<h1>Confirm your request</h1>
<p class="lead">${nameOf(accountId)}, this is what <strong>Harbour Bank</strong> asks for:</p>
<ul class="rights">${rights.map(({ label, detail }) => html`<li><strong>${label}</strong><span>${detail}</span></li>`)}</ul>
${document && documentOf(uid, document)}
<div class="actions">
<form method="post" action="/interaction/${uid}/confirm">${csrfField(ctx)}<button class="button">${document ? 'Send for review' : 'Agree'}</button></form>
<form method="post" action="/interaction/${uid}/decline">${csrfField(ctx)}<button class="button quiet">Decline</button></form>
</div>
</section>`
  return { site: 'provider', title: 'Confirm your request', narrow: true, main }
}
