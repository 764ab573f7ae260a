import type { Deferral, Reviewed } from 'oidc-provider-deferred'
import { type Panel, type SafeHtml, safe } from 'oidc-provider-deferred/console'
import { accountOf, nameOf } from '../provider/accounts.js'
import { awaitsCustomer, confirmationOf, customerOf } from '../provider/customer.js'
import { evidenceOf } from './evidence.js'

function documentPanel(deferral: Deferral): Panel[] {
  const evidence = evidenceOf(deferral)
  if (!evidence) return []
  const source = `/evidence/${evidence.reference}`
  const { kind } = evidence
  const picture = safe`<figure><a href="${source}"><img src="${source}" alt="${kind} of ${nameOf(deferral.accountId)}" width="560" height="356"></a>
<figcaption>${kind}, uploaded by the customer</figcaption></figure>`
  return [{ title: 'Document', html: picture, source: 'person' }]
}

/** Whether the customer has confirmed. The link is for the customer: the client passes it on. */
function confirmationText(deferral: Reviewed, name: string): SafeHtml | string | undefined {
  const confirmation = confirmationOf(deferral)
  if (awaitsCustomer(deferral)) {
    return safe`We wait for ${name}. The client passes this link on: <code>${deferral.interaction?.uri}</code>`
  }
  return (
    confirmation && `Confirmed by the customer, ${confirmation.at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  )
}

function customerPanel(deferral: Reviewed): Panel[] {
  const customer = customerOf(deferral)
  const account = accountOf(customer)
  if (!account) return []
  const { given_name, family_name, birthdate } = account
  const confirmation = confirmationText(deferral, nameOf(customer))
  const rows: [string, SafeHtml | string | undefined][] = [
    ['Given name', given_name],
    ['Family name', family_name],
    ['Date of birth', birthdate],
    ['Confirmation', confirmation],
  ]
  const present = rows.filter(([, value]) => value !== undefined)
  const facts = present.map(([name, value]) => safe`<div><dt>${name}</dt><dd>${value}</dd></div>`)
  return [{ title: 'Customer in our books', html: safe`<dl class="facts">${facts}</dl>` }]
}

/** What the bank knows: the document that the customer uploaded, and the customer's record. */
export function panelsOf(deferral: Reviewed): Panel[] {
  return [...documentPanel(deferral), ...customerPanel(deferral)]
}
