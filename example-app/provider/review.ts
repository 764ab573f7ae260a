import { type AccessToken, type ClientCredentials, errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { DeferRequest, Deferral, Deferring } from 'oidc-provider-deferred'
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

/** `defer`: asked about everybody who can wait. */
export function defer(_: unknown, request: DeferRequest): boolean | Deferring {
  const { profile, grantType, scope, account, authorizationDetails: details } = request
  // The bank asks for nothing but `deferred_code` here. Reviewers learn how thoroughly to look.
  if (profile === 'openid') return { context: { check: scope.has('overdraft') ? 'Identity and credit' : 'Identity' } }
  const check = reasonToReview({ grantType, accountId: account?.accountId, details })
  if (!check) return false
  const payment = paymentOf(details?.[0])
  return { context: { check, ...(payment && { customer: payment.customer }) } }
}

/**
 * Whoever does not offer to wait is never asked about by `defer`, and must not get by without a reviewer what others wait for:
 * no token that needs a review is issued without an approved deferral.
 */
export function assertReviewed(ctx: KoaContextWithOIDC, token: AccessToken | ClientCredentials): undefined {
  const deferral = ctx.oidc.entities.Deferral as Deferral | undefined
  if (deferral?.status === 'approved') return
  const grantType = token.kind === 'ClientCredentials' ? 'client_credentials' : token.gty
  const { accountId } = token as Partial<AccessToken>
  const details = (token as { rar?: unknown[] }).rar
  if (reasonToReview({ grantType, accountId, details })) {
    throw new errors.AccessDenied('a person has to look at this request, ask with completion_mode=deferred')
  }
}
