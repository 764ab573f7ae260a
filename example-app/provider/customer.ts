import type { Deferral } from 'oidc-provider-deferred'
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

/** The event in the history that records the confirmation. */
export const confirmationEvent = 'Confirmed by the customer'
