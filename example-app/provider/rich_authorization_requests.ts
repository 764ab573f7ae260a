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
  const requested = requestedIn(ctx)
  // One payment, one customer: the one who is asked to confirm must not confirm somebody else's.
  if (!Array.isArray(requested) || requested.length !== 1) {
    throw new errors.InvalidAuthorizationDetails('one payment at a time, please')
  }
  const payment = paymentOf(detail)
  if (!payment)
    throw new errors.InvalidAuthorizationDetails('a payment has a customer, a creditor and an amount in EUR')
  if (!accountOf(payment.customer)) throw new errors.InvalidAuthorizationDetails('no such customer')
}

export const resourceIndicators: NonNullable<Configuration['features']>['resourceIndicators'] = {
  enabled: true,
  getResourceServerInfo(_, resource) {
    if (resource !== paymentsResource) throw new errors.InvalidTarget()
    return { scope: 'payments', audience: paymentsResource, accessTokenFormat: 'opaque' }
  },
}

/** oidc-provider's own feature: with `client_credentials`, what is asked for, or what a reviewer left of it, is in the parameters. */
export const richAuthorizationRequests: RichAuthorizationRequestsActiveConfiguration = {
  enabled: true,
  types: { payment: { validate } },
  authorizationDetailsForGrantSource: () => undefined,
  authorizationDetailsForAccessToken: requestedIn,
  authorizationDetailsForIntrospection: (_, { rar }) => rar,
}
