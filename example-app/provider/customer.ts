import type { Deferral } from 'oidc-provider-deferred'
import { type Payment, paymentOf } from './payment.js'

/** Whom a request is about: who signed in, or, when an agent asks, whose money it is. Nobody else may confirm it. */
export function customerOf({ accountId, context }: Deferral): string | undefined {
  const customer = context?.customer
  return accountId ?? (typeof customer === 'string' ? customer : undefined)
}

/** The payment a request asks for, if it asks for one. */
export function requestedPayment({ authorizationDetails }: Deferral): Payment | undefined {
  return paymentOf(authorizationDetails?.[0])
}

/** Whether a customer is being asked, and may still answer. */
export function awaitsCustomer({ status, expired, interaction }: Deferral): boolean {
  return status === 'pending' && !expired && interaction !== undefined
}

/** The line of the history by which reviewers know that the customer did. */
export const confirmed = 'Confirmed by the customer'
