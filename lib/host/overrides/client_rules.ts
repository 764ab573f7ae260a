import { errors, type Provider } from 'oidc-provider'
import { currentContext, paramsOf } from '../context.js'
import { replaceResponseType } from '../request/response_type.js'

/** What the plugin adds to the host's client checks. */
export interface ClientRules {
  responseTypes: readonly string[]
  /** of exchange and poll; the first one is that of the response types */
  grantTypes: readonly string[]
}

/**
 * Overrides two predicates of the host's Client, for which it has no hook: a client that is not registered for deferring is
 * `unauthorized_client` (C-O25), where the host says `invalid_request`. The first also hides plain `deferred_code` from the
 * host's check of `authorization_details`, which insists on the word `code` (O-013); `restoreResponseType` takes that back.
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
