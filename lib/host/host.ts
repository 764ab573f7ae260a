import type { Provider } from 'oidc-provider'
import { type GrantHandler, type Internals, internalsOf, uncheckedInternalsOf } from './seams.js'

/** The parts of a provider that a custom grant needs, with and without the plugin. */
export interface GrantHost {
  readonly provider: Provider
  readonly internals: Internals
  /** the host's authorization_code handler; `undefined` if that grant is off */
  readonly codeHandler: GrantHandler | undefined
}

/** The parts of a provider that the plugin uses. The handlers are the host's own, before the plugin wraps them. */
export interface Host extends GrantHost {
  readonly codeHandler: GrantHandler
  /** the host's client_credentials handler; `undefined` if that grant is off */
  readonly clientCredentialsHandler: GrantHandler | undefined
  /** path of the token endpoint */
  readonly tokenRoute: string
}

/** The parts of a provider that the plugin uses. Throws a `TypeError` as `internalsOf` does. */
export function hostOf(provider: Provider): Host {
  const internals = internalsOf(provider)
  const { configuration, grantTypeHandlers } = internals
  return Object.freeze({
    provider,
    internals,
    // `internalsOf` has checked that it exists
    codeHandler: grantTypeHandlers.get('authorization_code') as GrantHandler,
    clientCredentialsHandler: grantTypeHandlers.get('client_credentials'),
    tokenRoute: configuration.routes.token as string,
  })
}

/** The parts that a custom grant needs, for a provider without the plugin. */
export function grantHostOf(provider: Provider): GrantHost {
  const internals = uncheckedInternalsOf(provider)
  return { provider, internals, codeHandler: internals.grantTypeHandlers.get('authorization_code') }
}
