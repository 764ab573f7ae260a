import type { JsonObject } from 'oidc-provider-deferred'
import { cents, decimal } from './money.js'

/** The bank's payment API. oidc-provider wants `authorization_details` to come with a `resource`; clients send this one. */
export const paymentsResource = 'https://payments.harbour.example'

/** An entry of `authorization_details` with the type `payment`. */
export interface Payment {
  /** account that pays; this customer may have to confirm */
  customer: string
  creditor: string
  /** in cents */
  sum: number
}

/** Two people have to approve a payment above 1,000 euro. */
const approvedByOne = 1000_00

/** How many people have to approve this payment, or payments without a limit. */
export function approvalsFor(payment: Payment | undefined): number {
  return payment && payment.sum <= approvedByOne ? 1 : 2
}

const members = ['amount', 'creditor', 'customer', 'type']

/** Reads an entry. `undefined` for everything that is not exactly a payment, an additional member included. */
export function paymentOf(detail: unknown): Payment | undefined {
  const { type, customer, creditor, amount } = (detail ?? {}) as Record<string, unknown>
  const { currency, value, ...others } = (amount ?? {}) as Record<string, unknown>
  const sum = cents(value)
  const hasExactMembers =
    Object.keys(detail ?? {})
      .sort()
      .join() === members.join() && Object.keys(others).length === 0
  if (!hasExactMembers || type !== 'payment' || currency !== 'EUR' || !sum) return undefined
  if (typeof customer !== 'string' || typeof creditor !== 'string' || !/^[\w .&-]{1,60}$/.test(creditor))
    return undefined
  return { customer, creditor, sum }
}

export function detailOf({ customer, creditor, sum }: Payment): JsonObject {
  return { type: 'payment', customer, creditor, amount: { currency: 'EUR', value: decimal(sum) } }
}

/** A reviewer may lower the amount and change nothing else. */
export function isLess(requested: JsonObject, granted: JsonObject): boolean {
  const [payment, decision] = [paymentOf(requested), paymentOf(granted)]
  if (!payment || !decision) return false
  const { customer, creditor, sum } = decision
  return customer === payment.customer && creditor === payment.creditor && sum <= payment.sum
}
