import { html } from '../../web/html.js'
import type { Page } from '../../web/page.js'

export function homePage(issuer: string, relyingParty: string): Page {
  const main = html`
<section class="card">
<h1>Harbour ID</h1>
<p class="lead">An OpenID Provider where people check documents before it confirms an identity.</p>
<p>Issuer: <code>${issuer}</code></p>
<div class="actions">
<a class="button" href="${relyingParty}/">Open an account at Harbour Bank</a>
<a class="button quiet" href="${issuer}/.well-known/openid-configuration">Discovery document</a>
</div>
</section>`
  return { site: 'provider', title: 'OpenID Provider', narrow: true, main }
}
