import { errors, type Provider } from 'oidc-provider'
import { currentContext, paramsOf } from '../context.js'
import { replaceResponseType } from '../request/response_type.js'

/** The response types and grant types that the host's client checks treat in the plugin's way. */
export interface ClientRules {
  responseTypes: readonly string[]
  /** grant types of exchange and poll; the response types need the first one */
  grantTypes: readonly string[]
}

/**
 * Overrides two predicates of the host's Client. A client without the response type or grant type gets `unauthorized_client`
 * (C-O25) in place of the host's `invalid_request`. The host accepts `authorization_details` only if the response type has the
 * word `code` (O-013). So the first predicate replaces plain `deferred_code` until `restoreResponseType` is called. No public
 * way: the host has no hook for these checks.
 */
export function installClientRules(provider: Provider, { responseTypes, grantTypes }: ClientRules): void {
  const prototype = (provider as any).Client.prototype
  const { responseTypeAllowed, grantTypeAllowed } = prototype

  prototype.responseTypeAllowed = function (this: unknown, type: string) {
    const allowed: boolean = responseTypeAllowed.call(this, type)
    const ctx = currentContext(provider)
    const params = ctx?.oidc?.params && paramsOf(ctx)
    if (!ctx || !responseTypes.includes(type) || params?.response_type !== type) return allowed
    if (!allowed || !grantTypeAllowed.call(this, grantTypes[0])) {
      throw new errors.UnauthorizedClient('requested response_type is not allowed for this client')
    }
    if (type === 'deferred_code' && params.authorization_details !== undefined) {
      replaceResponseType(ctx, 'code deferred_code')
    }
    return true
  }

  prototype.grantTypeAllowed = function (this: unknown, type: string) {
    const allowed: boolean = grantTypeAllowed.call(this, type)
    const ctx = currentContext(provider)
    const requested = ctx?.oidc?.route === 'token' && ctx.oidc.params && paramsOf(ctx).grant_type
    if (!allowed && grantTypes.includes(type) && requested === type) {
      throw new errors.UnauthorizedClient('requested grant type is not allowed for this client')
    }
    return allowed
  }
}
