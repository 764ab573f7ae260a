import type { DeferRequest, Deferring } from 'oidc-provider-deferred'
import { accountOf } from './accounts.js'
import { partnerGrant } from './partner_grant.js'
import { paymentOf } from './payment.js'

/** Payments up to 50 euro are nobody's business. */
const pettyCash = 50_00

interface Asked {
  grantType: string | undefined
  accountId: string | undefined
  details: readonly unknown[] | undefined
}

/** Why a token request needs a person to look at it; `undefined`: it does not. */
function reasonToReview({ grantType, accountId, details }: Asked): string | undefined {
  switch (grantType) {
    case 'client_credentials': {
      const payment = paymentOf(details?.[0])
      return payment && payment.sum <= pettyCash ? undefined : 'Amount and recipient'
    }
    case 'authorization_code':
      return accountOf(accountId)?.watched ? 'Whether it was the customer' : undefined
    case partnerGrant:
      return 'What the partner may read'
    default:
      return 'Identity'
  }
}

/**
 * `defer`: asked at every door to tokens. The plugin refuses what has to wait and cannot, so nobody gets around a review by not
 * offering to wait.
 */
export function defer(_: unknown, request: DeferRequest): boolean | Deferring {
  const { profile, grantType, scope, account, authorizationDetails: details } = request
  // The bank asks for nothing but `deferred_code` here. Reviewers learn how thoroughly to look.
  if (profile === 'openid') return { context: { check: scope.has('overdraft') ? 'Identity and credit' : 'Identity' } }
  const check = reasonToReview({ grantType, accountId: account?.accountId, details })
  if (!check) return false
  const payment = paymentOf(details?.[0])
  return { context: { check, ...(payment && { customer: payment.customer }) } }
}
