import type { Journey } from '../../storage/entries.js'
import { facts } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import { purposes } from '../op.js'

const rights: Record<string, string> = {
  account: 'A current account in your name',
  payments: 'Send payments',
  overdraft: 'An overdraft of 500 euro',
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function words(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function right(scope: string, granted: ReadonlySet<string>): Html {
  return granted.has(scope)
    ? html`<li class="granted">${rights[scope]}</li>`
    : html`<li class="withheld">${rights[scope]} <span class="tag">not granted</span></li>`
}

/** The page of an open account. Everything on it comes from the validated ID Token and the granted scope. */
export function openAccount(title: string, { claims, scope }: Journey): Html {
  const grantedScopes = new Set(scope?.split(' '))
  const verifiedClaims = member(claims?.verified_claims, 'claims')
  const verification = member(claims?.verified_claims, 'verification')
  const iban = words(member(claims?.bank_account, 'iban'))?.replace(/(.{4})(?=.)/g, '$1 ')
  const requestedScopes = purposes.account.scope.split(' ').filter((name) => rights[name])
  return html`
<section class="card good">
<span class="sign" aria-hidden="true"></span>
<h1>${title}</h1>
<p class="lead">Welcome to Harbour Bank, ${words(claims?.name)}.</p>
${iban && html`<div class="bankcard"><span>Harbour</span><span class="chip" aria-hidden="true"></span><span class="number"><span class="unseen">IBAN </span>${iban}</span><span>${words(claims?.name)}</span></div>`}
<h2>Verified by a person</h2>
${facts([
  ['Given name', words(member(verifiedClaims, 'given_name'))],
  ['Family name', words(member(verifiedClaims, 'family_name'))],
  ['Date of birth', words(member(verifiedClaims, 'birthdate'))],
  ['Checked', words(member(verification, 'time'))?.slice(0, 16).replace('T', ' ').concat(' UTC')],
])}
<h2>What you can do</h2>
<ul class="granted-rights">${requestedScopes.map((name) => right(name, grantedScopes))}</ul>
<details><summary>For developers: scope and claims</summary>
<p><code>${scope}</code></p>
<pre tabindex="0">${JSON.stringify(claims, null, 2)}</pre></details>
</section>`
}
