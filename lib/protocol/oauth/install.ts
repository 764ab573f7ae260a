import type { Provider } from 'oidc-provider'
import { preparationOf } from '../../configure.js'
import type { Context } from '../../host/context.js'
import { mintFromClientCredentials } from '../../host/grants/client_credentials.js'
import type { GrantHandler } from '../../host/grants/dry_run.js'
import { mintFromCode } from '../../host/grants/mint.js'
import { installCodeReuse } from '../../host/overrides/reuse_signal.js'
import type { Internals } from '../../host/seams.js'
import { fail } from '../../options/option_error.js'
import type { Settings } from '../../options/options.js'
import type { Core, Mint } from '../../plugin.js'
import { isDeferrable, mintFromCustomGrant } from './deferrable_grant.js'
import { type HostGrant, hostGrants, isHostGrant } from './grants.js'
import { grantType } from './names.js'
import { handleDeferredGrant, parameters } from './polling.js'
import { deferrableClientCredentials, deferrableCode } from './token_request.js'

type Wrap = (core: Core, handler: GrantHandler) => GrantHandler

/** The host's own grants that can wait: how each comes to do so, and how it goes on in the end. */
const deferrable: Record<HostGrant, { wrap: Wrap; mint: (core: Core) => Mint | undefined }> = {
  authorization_code: {
    wrap: deferrableCode,
    mint: (core) => (ctx, request) => mintFromCode(ctx, core, request),
  },
  client_credentials: {
    wrap: deferrableClientCredentials,
    mint: ({ clientCredentials: handler }) =>
      handler && ((ctx, request) => mintFromClientCredentials(ctx, handler, request)),
  },
}

/** Has the host speak the working group's draft. */
export function installOauth(core: Core): void {
  const { provider, internals, settings } = core
  const { grantTypeHandlers } = internals
  installCodeReuse(provider)
  for (const name of (settings.grants ?? hostGrants).filter(isHostGrant)) {
    const handler = grantTypeHandlers.get(name)
    if (handler) grantTypeHandlers.set(name, deferrable[name].wrap(core, handler))
  }
  provider.registerGrantType(grantType, (ctx) => handleDeferredGrant(ctx as Context, core), parameters)
}

/** Checks the option `grants` against what the host has; a `TypeError` names the entry. */
export function assertGrants(provider: Provider, { grantTypeHandlers, configuration }: Internals, settings: Settings) {
  const addedCodeGrant = preparationOf(configuration.interactions.policy)?.addedCodeGrant
  for (const [index, name] of (settings.grants ?? []).entries()) {
    const at = `grants[${index}]`
    const isTheHosts = isHostGrant(name)
    const isThere = grantTypeHandlers.has(name) && !(addedCodeGrant && name === 'authorization_code')
    if (isTheHosts && !isThere) fail(at, `is ${name}, which this provider has not enabled`)
    if (!isTheHosts && !isDeferrable(provider, name)) {
      fail(at, `is ${name}, a grant of yours: leave it out and register it with registerDeferrableGrant(provider, ...)`)
    }
  }
}

/** How a deferred request of this grant is issued in the end; `undefined`: not on this node. */
export function minterOf(core: Core, name: string): Mint | undefined {
  return isHostGrant(name) ? deferrable[name].mint(core) : mintFromCustomGrant(core, name)
}
