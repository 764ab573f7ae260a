import type { JsonObject } from 'oidc-provider-deferred'
import type { DetailEditor, Texts } from 'oidc-provider-deferred/console'
import { nameOf } from '../provider/accounts.js'
import { cents, decimal, spoken } from '../provider/money.js'
import { detailOf, paymentOf } from '../provider/payment.js'

/** A payment in words. */
export const paymentWords: NonNullable<Texts['detail']> = (detail: JsonObject) => {
  const payment = paymentOf(detail)
  if (!payment) return undefined
  const { sum, creditor, customer } = payment
  return {
    label: `${spoken(sum)} to ${creditor}`,
    facts: [
      ['Amount', spoken(sum)],
      ['To', creditor],
      ['From', `the account of ${nameOf(customer)}`],
    ],
  }
}

/** Reviewers may lower the amount of a payment. The provider's rule `narrow` refuses a higher one. */
export const paymentEditor: DetailEditor = {
  fields(detail) {
    const payment = paymentOf(detail)
    return payment ? [{ name: 'amount', label: 'Amount in euro', value: decimal(payment.sum), type: 'decimal' }] : []
  },
  apply(detail, { amount }) {
    const payment = paymentOf(detail)
    const sum = cents(amount)
    if (!payment || !sum) throw new RangeError('the amount must be in euro, as 1000 or 999.50')
    return detailOf({ ...payment, sum })
  },
}
