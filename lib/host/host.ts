import type { Provider } from 'oidc-provider'
import { type GrantHandler, type Internals, internalsOf, uncheckedInternalsOf } from './seams.js'

/** The parts of a provider that a grant needs, with and without the plugin. */
export interface GrantHost {
  readonly provider: Provider
  readonly internals: Internals
  /** the host's authorization_code handler, where it has that grant */
  readonly codeHandler: GrantHandler | undefined
}

/** The parts of a provider that the plugin uses, as they were before anything was replaced. */
export interface Host extends GrantHost {
  readonly codeHandler: GrantHandler
  /** the host's client_credentials handler, where it has that grant */
  readonly clientCredentialsHandler: GrantHandler | undefined
  /** path of the token endpoint */
  readonly tokenRoute: string
}

/** The parts of a provider, each seam checked; a `TypeError` names the one that moved and the host's version. */
export function hostOf(provider: Provider): Host {
  const internals = internalsOf(provider)
  const { configuration, grantTypeHandlers } = internals
  return Object.freeze({
    provider,
    internals,
    // the check of the seams has found it
    codeHandler: grantTypeHandlers.get('authorization_code') as GrantHandler,
    clientCredentialsHandler: grantTypeHandlers.get('client_credentials'),
    tokenRoute: configuration.routes.token as string,
  })
}

/** The same of a provider on which the plugin is not installed. */
export function grantHostOf(provider: Provider): GrantHost {
  const internals = uncheckedInternalsOf(provider)
  return { provider, internals, codeHandler: internals.grantTypeHandlers.get('authorization_code') }
}
