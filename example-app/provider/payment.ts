import type { JsonObject } from 'oidc-provider-deferred'
import { cents, decimal } from './money.js'

/** The bank's interface for payments, as clients name it in `resource`: oidc-provider wants to know whom the details are for. */
export const paymentsResource = 'https://payments.harbour.example'

/** What an entry of `authorization_details` with the type `payment` says. */
export interface Payment {
  /** whose account the money leaves: the one who may be asked to confirm */
  customer: string
  creditor: string
  /** in cents */
  sum: number
}

const members = ['amount', 'creditor', 'customer', 'type']

/** Reads an entry; `undefined` when it is anything but a payment of ours, to the last member. */
export function paymentOf(detail: unknown): Payment | undefined {
  const { type, customer, creditor, amount } = (detail ?? {}) as Record<string, unknown>
  const { currency, value, ...others } = (amount ?? {}) as Record<string, unknown>
  const sum = cents(value)
  const asExpected =
    Object.keys(detail ?? {})
      .sort()
      .join() === members.join() && Object.keys(others).length === 0
  if (!asExpected || type !== 'payment' || currency !== 'EUR' || !sum) return undefined
  if (typeof customer !== 'string' || typeof creditor !== 'string' || !/^[\w .&-]{1,60}$/.test(creditor))
    return undefined
  return { customer, creditor, sum }
}

export function detailOf({ customer, creditor, sum }: Payment): JsonObject {
  return { type: 'payment', customer, creditor, amount: { currency: 'EUR', value: decimal(sum) } }
}

/** A reviewer may take money away and change nothing else. */
export function isLess(requested: JsonObject, granted: JsonObject): boolean {
  const [asked, given] = [paymentOf(requested), paymentOf(granted)]
  if (!asked || !given) return false
  return given.customer === asked.customer && given.creditor === asked.creditor && given.sum <= asked.sum
}
