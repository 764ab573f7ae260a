import type { Context } from '../../host/context.js'
import type { Host } from '../../host/host.js'
import type { GrantHandler } from '../../host/seams.js'
import { fail } from '../../options/option_error.js'
import type { Settings } from '../../options/options.js'
import type { Plugin } from '../../plugin.js'
import { customGrant } from './custom_grants.js'
import { type HostGrant, hostGrants, isHostGrant } from './grants.js'
import { grantType } from './names.js'
import { handleDeferredGrant, parameters } from './polling.js'
import { deferrableClientCredentials, deferrableCode } from './token_request.js'

type Wrap = (plugin: Plugin, handler: GrantHandler) => GrantHandler

/** How each of the host's own grants that can wait comes to do so. */
const deferrable: Record<HostGrant, Wrap> = {
  authorization_code: deferrableCode,
  client_credentials: deferrableClientCredentials,
}

/** Has the host speak the working group's draft. */
export function installOauth(plugin: Plugin): void {
  const { provider, internals } = plugin.host
  const { grantTypeHandlers } = internals
  for (const name of (plugin.settings.grants ?? hostGrants).filter(isHostGrant)) {
    const handler = grantTypeHandlers.get(name)
    if (handler) grantTypeHandlers.set(name, deferrable[name](plugin, handler))
  }
  provider.registerGrantType(grantType, (ctx) => handleDeferredGrant(ctx as Context, plugin), parameters)
}

/** Checks the option `grants` against what the host has; a `TypeError` names the entry. */
export function assertGrants({ provider, internals }: Host, { grants = [] }: Settings, addedCodeGrant: boolean): void {
  for (const [index, name] of grants.entries()) {
    const at = `grants[${index}]`
    const isTheHosts = isHostGrant(name)
    const isThere = internals.grantTypeHandlers.has(name) && !(addedCodeGrant && name === 'authorization_code')
    if (isTheHosts && !isThere) fail(at, `is ${name}, which this provider has not enabled`)
    if (!isTheHosts && !customGrant(provider, name)) {
      fail(at, `is ${name}, a grant of yours: leave it out and register it with registerDeferrableGrant(provider, ...)`)
    }
  }
}
