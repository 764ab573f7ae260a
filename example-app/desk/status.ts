import type { Deferral } from 'oidc-provider-deferred'
import { awaitsCustomer } from '../provider/customer.js'
import { type Html, html } from '../web/html.js'

export const filters = {
  pending: 'To decide',
  approved: 'Approved',
  denied: 'Refused',
  cancelled: 'Cancelled',
  redeemed: 'Finished',
  expired: 'Expired',
} as const

export type Filter = keyof typeof filters

export function isFilter(value: unknown): value is Filter {
  return typeof value === 'string' && Object.hasOwn(filters, value)
}

/** What a reviewer allowed, as long as it holds: a request that was refused or cancelled has no rights. */
export function grantedBy({ status, decision }: Deferral): Deferral['decision'] {
  return status === 'approved' || status === 'redeemed' ? decision : undefined
}

/** Expiry is not a status of its own, but it is what a reviewer wants to know first. */
export function shownStatus({ status, expired }: Deferral): Filter {
  return expired && status !== 'redeemed' ? 'expired' : status
}

export function badge(deferral: Deferral): Html {
  const status = shownStatus(deferral)
  const label = awaitsCustomer(deferral) ? 'Asks the customer' : filters[status]
  return html`<span class="badge ${status}">${label}</span>`
}
