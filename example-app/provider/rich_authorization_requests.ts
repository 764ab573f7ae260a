import {
  type AuthorizationDetail,
  type Configuration,
  errors,
  type KoaContextWithOIDC,
  type RichAuthorizationRequestsActiveConfiguration,
} from 'oidc-provider'
import { accountOf } from './accounts.js'
import { paymentOf, paymentsResource } from './payment.js'

function requestedIn(ctx: KoaContextWithOIDC): AuthorizationDetail[] | undefined {
  const { authorization_details: details } = ctx.oidc.params ?? {}
  return typeof details === 'string' ? JSON.parse(details) : undefined
}

function validate(ctx: KoaContextWithOIDC, detail: unknown): void {
  const requestedDetails = requestedIn(ctx)
  // One payment only: a customer must not confirm the payment of another one.
  if (!Array.isArray(requestedDetails) || requestedDetails.length !== 1) {
    throw new errors.InvalidAuthorizationDetails('only one payment per request is supported')
  }
  const payment = paymentOf(detail)
  if (!payment)
    throw new errors.InvalidAuthorizationDetails(
      'a payment must have a customer, a creditor and an amount in EUR, and nothing else',
    )
  if (!accountOf(payment.customer)) throw new errors.InvalidAuthorizationDetails('no such customer')
}

export const resourceIndicators: NonNullable<Configuration['features']>['resourceIndicators'] = {
  enabled: true,
  getResourceServerInfo(_, resource) {
    if (resource !== paymentsResource) throw new errors.InvalidTarget()
    return { scope: 'payments', audience: paymentsResource, accessTokenFormat: 'opaque' }
  },
}

/** oidc-provider's own feature. The parameters of `client_credentials` have the requested payment, or the one a reviewer approved. */
export const richAuthorizationRequests: RichAuthorizationRequestsActiveConfiguration = {
  enabled: true,
  types: { payment: { validate } },
  authorizationDetailsForGrantSource: () => undefined,
  authorizationDetailsForAccessToken: requestedIn,
  authorizationDetailsForIntrospection: (_, { rar }) => rar,
}
