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

/** The approval of a request, while it is valid: a refused or cancelled request has no rights. */
export function approvalOf({ status, decision }: Deferral): Deferral['decision'] {
  return status === 'approved' || status === 'redeemed' ? decision : undefined
}

/** The status on the page. Expiry is no status of a deferral, but reviewers need to see it first. */
export function statusOf({ status, expired }: Deferral): Filter {
  return expired && status !== 'redeemed' ? 'expired' : status
}

export function badge(deferral: Deferral): Html {
  const status = statusOf(deferral)
  const label = awaitsCustomer(deferral) ? 'Waits for the customer' : filters[status]
  return html`<span class="badge ${status}">${label}</span>`
}
