/*
 * OAuth 2.0 Deferred Token Response, "Token Request" and "Polling": connects these messages with the host's token endpoint.
 */
import type { Provider } from 'oidc-provider'
import type { Context } from '../../host/context.js'
import type { Host } from '../../host/host.js'
import type { GrantHandler } from '../../host/seams.js'
import { type HostGrant, isHostGrant } from '../../options/grants.js'
import { fail } from '../../options/option_error.js'
import type { Settings } from '../../options/options.js'
import { directSettings } from '../../options/profiles.js'
import type { Plugin } from '../../plugin.js'
import { customGrant } from './custom_grants.js'
import { enforcedHandler, isDeferrableGrant } from './defer_enforcement.js'
import { hideResponse, nameDeferralCode } from './direct_authorization.js'
import { grantType } from './names.js'
import { handleDeferredGrant, parameters } from './polling.js'
import { deferrableClientCredentials, deferrableCode } from './token_request.js'

type Wrap = (plugin: Plugin, handler: GrantHandler) => GrantHandler

/** The wrapper for each grant of the host that can wait. */
const deferrable: Record<HostGrant, Wrap> = {
  authorization_code: deferrableCode,
  client_credentials: deferrableClientCredentials,
}

/** The handler of a grant of the host with the plugin; `undefined` if the plugin leaves the grant as it is. */
export function handlerWithDefer(plugin: Plugin, name: string, handler: GrantHandler): GrantHandler | undefined {
  return isDeferrableGrant(plugin, name) ? deferrable[name](plugin, handler) : enforcedHandler(plugin, name, handler)
}

/** Installs the oauth profile on the host. */
export function installOauth(plugin: Plugin): void {
  const { provider } = plugin.host
  provider.registerGrantType(grantType, (ctx) => handleDeferredGrant(ctx as Context, plugin), parameters)
  if (directSettings(plugin.settings)) installDirect(provider)
}

function installDirect(provider: Provider): void {
  provider.on('authorization.success', (ctx, response) => nameDeferralCode(ctx, response as Record<string, unknown>))
  provider.use(hideResponse as never)
}

/** Throws a `TypeError` for an entry of the option `grants` that this provider does not have. */
export function assertGrants({ provider, internals }: Host, { grants = [] }: Settings, addedCodeGrant: boolean): void {
  for (const [index, name] of grants.entries()) {
    const at = `grants[${index}]`
    const isOfHost = isHostGrant(name)
    const isEnabled = internals.grantTypeHandlers.has(name) && !(addedCodeGrant && name === 'authorization_code')
    if (isOfHost && !isEnabled) fail(at, `is ${name}, which this provider has not enabled`)
    if (!isOfHost && !customGrant(provider, name)) {
      fail(at, `is ${name}, a grant of yours: leave it out and register it with registerDeferrableGrant(provider, ...)`)
    }
  }
}
