import type { Deferral, Reviewed } from 'oidc-provider-deferred'
import { type Payment, paymentOf } from './payment.js'

/** The customer of a request: the account that signed in, or the payer of an agent's payment. Only this customer may confirm. */
export function customerOf({ accountId, context }: Deferral): string | undefined {
  const customer = context?.customer
  return accountId ?? (typeof customer === 'string' ? customer : undefined)
}

/** The payment of a request, if it asks for one. */
export function requestedPayment({ authorizationDetails }: Deferral): Payment | undefined {
  return paymentOf(authorizationDetails?.[0])
}

/** Whether the customer has to confirm and still can. */
export function awaitsCustomer({ status, expired, interaction }: Deferral): boolean {
  return status === 'pending' && !expired && interaction !== undefined
}

/** When the customer confirmed: only the customer's own answer counts, not that of a reviewer who went on without it. */
export function confirmationOf(deferral: Reviewed): { at: Date } | undefined {
  const customer = customerOf(deferral)
  return deferral.history.findLast(({ event, by }) => event === 'resumed' && customer !== undefined && by === customer)
}
