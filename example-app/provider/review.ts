import type { DeferRequest, Deferring } from 'oidc-provider-deferred'
import { accountOf } from './accounts.js'
import { partnerGrant } from './partner_grant.js'
import { paymentOf } from './payment.js'

/** Payments up to 50 euro need no review. */
const pettyCash = 50_00

interface TokenRequest {
  grantType: string | undefined
  accountId: string | undefined
  details: readonly unknown[] | undefined
}

/** What a reviewer has to check before this token request gets tokens. `undefined`: nothing. */
function checkFor({ grantType, accountId, details }: TokenRequest): string | undefined {
  switch (grantType) {
    case 'client_credentials': {
      const payment = paymentOf(details?.[0])
      return payment && payment.sum <= pettyCash ? undefined : 'Amount and recipient'
    }
    case 'authorization_code':
      return accountOf(accountId)?.needsReview ? 'Whether it was the customer' : undefined
    case partnerGrant:
      return 'What the partner may read'
    default:
      return 'Identity'
  }
}

/**
 * The option `defer`. The plugin calls it for every request for tokens. It refuses a request that must wait when its client did
 * not offer to wait, so no client avoids a review.
 */
export function defer(_: unknown, request: DeferRequest): boolean | Deferring {
  const { profile, grantType, scope, account, authorizationDetails: details } = request
  // Every account needs a review. An overdraft needs a credit check too.
  if (profile === 'openid') return { context: { check: scope.has('overdraft') ? 'Identity and credit' : 'Identity' } }
  const check = checkFor({ grantType, accountId: account?.accountId, details })
  if (!check) return false
  const payment = paymentOf(details?.[0])
  return { context: { check, ...(payment && { customer: payment.customer }) } }
}
