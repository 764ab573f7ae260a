import type { DeferRequest, Deferring } from 'oidc-provider-deferred'
import { accountOf, nameOf } from './accounts.js'
import { serverClient } from './clients.js'
import { spoken } from './money.js'
import { partnerGrant } from './partner_grant.js'
import { approvalsFor, paymentOf } from './payment.js'

/** Payments up to 50 euro need no review. */
const pettyCash = 50_00

const minutes = 60
const hours = 60 * minutes

/** What a reviewer has to check before this request for an account gets tokens. An overdraft needs a credit check too. */
function accountReview({ scope, account }: DeferRequest): Deferring {
  const check = scope.has('overdraft') ? 'Identity and credit' : 'Identity'
  return { context: { check }, queue: 'accounts', title: `Account for ${nameOf(account?.accountId)}`, dueIn: 4 * hours }
}

function paymentReview({ authorizationDetails: details }: DeferRequest): Deferring | false {
  const payment = paymentOf(details?.[0])
  if (payment && payment.sum <= pettyCash) return false
  const title = payment ? `${spoken(payment.sum)} to ${payment.creditor}` : 'Payments without a limit'
  const context = { check: 'Amount and recipient', ...(payment && { customer: payment.customer }) }
  return { context, queue: 'payments', title, dueIn: hours, quorum: approvalsFor(payment) }
}

function signInReview({ account }: DeferRequest): Deferring | false {
  if (!accountOf(account?.accountId)?.needsReview) return false
  const title = `Sign-in of ${nameOf(account?.accountId)}`
  return { context: { check: 'Whether it was the customer' }, queue: 'fraud', title, dueIn: 15 * minutes }
}

const partnerReview: Deferring = {
  context: { check: 'What the partner may read' },
  queue: 'partners',
  title: 'Statements',
  dueIn: 4 * hours,
}

/**
 * The option `defer`. The plugin calls it for every request for tokens. It refuses a request that must wait when its client did
 * not offer to wait, so no client avoids a review.
 */
export function defer(_: unknown, request: DeferRequest): boolean | Deferring {
  switch (request.grantType) {
    case 'client_credentials':
      return paymentReview(request)
    case 'authorization_code':
      return request.client.clientId === serverClient.id ? partnerReview : signInReview(request)
    case partnerGrant:
      return partnerReview
    default:
      return accountReview(request)
  }
}
