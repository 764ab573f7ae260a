import type { Context } from 'koa'
import type { Evidence } from '../../storage/entries.js'
import { steps } from '../../web/card.js'
import { html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { csrfField } from '../../web/visit.js'
import { nameOf } from '../accounts.js'
import { kinds } from '../evidence.js'
import { scopes } from '../scopes.js'
import { stages } from './sign_in.js'

export interface Confirmation {
  uid: string
  scope: string
  accountId: string | undefined
  given: Evidence
}

export function confirmPage(ctx: Context, { uid, scope, accountId, given }: Confirmation): Page {
  const asked = scope.split(' ').flatMap((name) => scopes[name] ?? [])
  const main = html`
${steps(stages, 2)}
<section class="card">
<h1>Confirm your request</h1>
<p class="lead">${nameOf(accountId)}, this is what <strong>Harbour Bank</strong> asks for:</p>
<ul class="rights">${asked.map(({ label, detail }) => html`<li><strong>${label}</strong><span>${detail}</span></li>`)}</ul>
<h2>Your document</h2>
<div class="document"><img src="/interaction/${uid}/picture" alt="The ${kinds[given.kind]?.toLowerCase()} you gave" width="176" height="112">
<p>${kinds[given.kind]}<br><a href="/interaction/${uid}?again">Choose another picture</a></p></div>
<p class="note">A person decides, not a machine. You can close the page afterwards: the answer will wait for you at Harbour Bank.</p>
<div class="actions">
<form method="post" action="/interaction/${uid}/confirm">${csrfField(ctx)}<button class="button">Send for review</button></form>
<form method="post" action="/interaction/${uid}/decline">${csrfField(ctx)}<button class="button quiet">Decline</button></form>
</div>
</section>`
  return { site: 'provider', title: 'Confirm your request', narrow: true, main }
}
