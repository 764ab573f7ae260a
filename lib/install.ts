import type { Provider } from 'oidc-provider'
import { isEnabled, settle, warnOfMemoryStore } from './configuration.js'
import { preparationOf } from './configure.js'
import { type Core, coreOf, keepCore } from './core.js'
import type { Deferral } from './deferral/deferral.js'
import { type DeferralEvent, Deferrals } from './deferral/deferrals.js'
import { createPacing } from './deferral/pacing.js'
import { withPlainErrors } from './deferral/store.js'
import { installClientRules } from './host/client.js'
import type { Context } from './host/context.js'
import { grantExpiry } from './host/grant.js'
import { installIdTokenRules } from './host/id_token.js'
import { installIntercepts } from './host/intercept.js'
import { installReplayDetection } from './host/replay_detection.js'
import { acceptResponseTypes, takeBackCode } from './host/response_types.js'
import { installRevocation } from './host/revocation.js'
import { type Internals, internalsOf } from './host/seams.js'
import { installTokenRoute } from './host/token_route.js'
import { nameDeferredCode } from './openid/authorization_response.js'
import { cancellationEndpoint } from './openid/cancellation.js'
import { discovery } from './openid/metadata.js'
import { grantType, responseTypes } from './openid/names.js'
import { revoke } from './openid/revocation.js'
import { handleDeferredGrant, parameters } from './openid/token_endpoint.js'
import type { DeferredTokenResponseOptions, Settings } from './options.js'
import { fail } from './options_error.js'

declare module 'oidc-provider' {
  interface Provider {
    addListener(event: `deferral.${DeferralEvent}`, listener: (deferral: Deferral) => void): this
    on(event: `deferral.${DeferralEvent}`, listener: (deferral: Deferral) => void): this
    once(event: `deferral.${DeferralEvent}`, listener: (deferral: Deferral) => void): this
  }
}

/**
 * Has a provider whose configuration came from `configure` speak Deferred Token Response. Sets and returns `provider.deferrals`;
 * with `enabled: false` it returns undefined and touches nothing. A wrong option, or a host whose internals moved, is a
 * `TypeError`.
 */
export function install(provider: Provider, options: DeferredTokenResponseOptions & { enabled: false }): undefined
export function install(provider: Provider, options: DeferredTokenResponseOptions): Deferrals
export function install(provider: Provider, options: DeferredTokenResponseOptions): Deferrals | undefined {
  if (!isEnabled(options)) return undefined
  const settings = settle(options)
  const internals = internalsOf(provider)
  assertInstallable(provider, internals, settings)
  if (!options.store) warnOfMemoryStore()
  const core = createCore(provider, internals, settings)
  installHost(core)
  installOpenid(core)
  const deferrals = new Deferrals({
    store: core.store,
    clock: settings.clock,
    announce: core.announce,
    grantExpiry: ({ grantId }) => grantExpiry(provider, grantId),
  })
  Object.defineProperty(provider, 'deferrals', { value: deferrals, enumerable: false, configurable: true })
  return deferrals
}

function assertInstallable(provider: Provider, internals: Internals, { routes }: Settings): void {
  const { configuration, grantTypeHandlers } = internals
  if (coreOf(provider)) fail('', 'is installed on this provider already, call install once')
  if (!preparationOf(configuration.interactions.policy)) {
    fail('', 'needs configure(configuration, options) before the constructor, pass what it returns')
  }
  if (grantTypeHandlers.has(grantType))
    fail('profiles.openid', `clashes with a grant of yours, ${grantType} is registered`)
  const clash = Object.entries(configuration.routes).find(([, path]) => path === routes.cancellation)
  if (clash) fail('routes.cancellation', `clashes with routes.${clash[0]}, choose another path`)
}

function createCore(provider: Provider, internals: Internals, settings: Settings): Core {
  const pacing = createPacing()
  return keepCore({
    provider,
    internals,
    handler: internals.grantTypeHandlers.get('authorization_code') as Core['handler'],
    tokenRoute: internals.configuration.routes.token as string,
    settings,
    store: withPlainErrors(settings.store),
    pacing,
    announce(event, deferral) {
      // what was decided on this node is never hidden by a refused poll
      if (deferral.status !== 'pending') pacing.forget(deferral.id)
      // a listener's fault must not cost the client an answer that is true already
      try {
        provider.emit(`deferral.${event}` as never, deferral as never)
      } catch (error) {
        process.emitWarning(`a listener of deferral.${event} failed: ${(error as Error)?.stack ?? error}`)
      }
    },
  })
}

function installHost({ provider }: Core): void {
  installIntercepts(provider)
  installReplayDetection(provider)
  installTokenRoute(provider, grantType)
  installIdTokenRules(provider)
  installClientRules(provider, { responseTypes, grantType })
}

function installOpenid(core: Core): void {
  const { provider, internals } = core
  const lentCode = preparationOf(internals.configuration.interactions.policy)?.lentCode
  if (lentCode) takeBackCode(internals)
  // without the grant nobody could redeem the code that the combined type may yield
  acceptResponseTypes(
    internals,
    responseTypes.filter((type) => !lentCode || type === 'deferred_code'),
  )
  provider.registerGrantType(grantType, (ctx) => handleDeferredGrant(ctx as Context, core), parameters(internals), [
    'resource',
  ])
  provider.on('authorization.success', (ctx, response) => nameDeferredCode(ctx, response as Record<string, unknown>))
  installRevocation(provider, (ctx, token) => revoke(ctx, core, token))
  provider.use(cancellationEndpoint(core) as never)
  provider.use(discovery(core) as never)
}
