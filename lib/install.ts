import type { Provider } from 'oidc-provider'
import { isEnabled, settle, warnOfAllowedRanges, warnOfMemoryStore } from './configuration.js'
import { type Preparation, preparationOf } from './configure.js'
import { type Core, coreOf, keepCore } from './core.js'
import type { Deferral } from './deferral/deferral.js'
import { type DeferralEvent, Deferrals } from './deferral/deferrals.js'
import { createPacing } from './deferral/pacing.js'
import { withPlainErrors } from './deferral/store.js'
import { installAnswers } from './host/answer.js'
import { installClientRules } from './host/client.js'
import { grantExpiry } from './host/grant.js'
import { installHint } from './host/hint.js'
import type { GrantHandler } from './host/hold.js'
import { installIdTokenRules } from './host/id_token.js'
import { installIntercepts } from './host/intercept.js'
import { extendPayloads } from './host/payload.js'
import { installReplayDetection } from './host/replay_detection.js'
import { takeBackCode } from './host/response_types.js'
import { installRevocation } from './host/revocation.js'
import { assertSameHost, type Internals, internalsOf } from './host/seams.js'
import { installTokenRoute, routeMatcher } from './host/token_route.js'
import { installUntil } from './host/until.js'
import { createEgress } from './notification/egress.js'
import { type EgressRules, egressRules } from './notification/egress_rules.js'
import { Outbox } from './notification/outbox.js'
import { createSealer } from './notification/sealed.js'
import { assertRequest, canWait, mayPoll } from './oauth/completion_mode.js'
import { assertGrants, installOauth, resumptionOf } from './oauth/install.js'
import { metadata as oauthMetadata } from './oauth/metadata.js'
import * as oauth from './oauth/names.js'
import { assertStaticEndpoints } from './openid/client_registration.js'
import { installOpenid } from './openid/install.js'
import { metadata as openidMetadata } from './openid/metadata.js'
import * as openid from './openid/names.js'
import type { DeferredTokenResponseOptions, Settings } from './options.js'
import { fail } from './options_error.js'
import { evidenceOf } from './profile/evidence.js'
import { revoke } from './profile/revocation.js'

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
  assertSameHost(provider)
  if (coreOf(provider)) fail('', 'is installed on this provider already, call install once')
  extendPayloads(provider)
  const internals = internalsOf(provider)
  const preparation = assertInstallable(provider, internals, settings)
  const rules = egressRules(settings.notification, provider.issuer)
  assertStaticEndpoints(preparation.clients, rules)
  if (!options.store) warnOfMemoryStore()
  warnOfAllowedRanges(settings)
  const core = createCore(provider, internals, settings)
  installHost(core)
  if (settings.profiles.openid) installOpenid(core)
  if (settings.profiles.oauth) installOauth(core)
  if (preparation.lentCode) takeBackCode(internals)
  core.outbox = startSending(core, rules)
  const deferrals = new Deferrals({
    store: core.store,
    clock: settings.clock,
    announce: core.announce,
    narrowing: settings.narrow,
    grantExpiry: ({ grantId }) => grantExpiry(provider, grantId),
    outbox: core.outbox,
  })
  Object.defineProperty(provider, 'deferrals', { value: deferrals, enumerable: false, configurable: true })
  return deferrals
}

function assertInstallable(provider: Provider, internals: Internals, settings: Settings): Preparation {
  const { configuration, grantTypeHandlers } = internals
  const { profiles, routes } = settings
  const preparation = preparationOf(configuration.interactions.policy)
  if (!preparation) {
    fail('', 'needs configure(configuration, options) before the constructor, pass what it returns')
  }
  for (const [profile, { grantType }] of Object.entries({ openid, oauth })) {
    if (!profiles[profile as keyof typeof profiles] || !grantTypeHandlers.has(grantType)) continue
    fail(`profiles.${profile}`, `clashes with a grant of yours, ${grantType} is registered`)
  }
  const isOurs = routeMatcher(routes.cancellation)
  const clash = Object.entries(configuration.routes).find(([, path]) => isOurs(path))
  if (clash) fail('routes.cancellation', `clashes with routes.${clash[0]}, choose another path`)
  if (profiles.oauth) assertGrants(provider, internals, settings)
  return preparation
}

// without keys nothing is kept that could be sent
function startSending({ provider, store, settings, sealer, announce }: Core, rules: EgressRules): Outbox | undefined {
  const { notification, clock } = settings
  if (!sealer || notification.worker === false) return undefined
  const egress = createEgress(rules, notification)
  return new Outbox({ provider, store, sealer, egress, clock, announce })
}

const ending: ReadonlySet<DeferralEvent> = new Set<DeferralEvent>(['approved', 'denied', 'cancelled'])

function createCore(provider: Provider, internals: Internals, settings: Settings): Core {
  const pacing = createPacing()
  const core: Core = {
    provider,
    internals,
    handler: internals.grantTypeHandlers.get('authorization_code') as GrantHandler,
    clientCredentials: internals.grantTypeHandlers.get('client_credentials'),
    resumptionOf: (grantType) => resumptionOf(core, grantType),
    tokenRoute: internals.configuration.routes.token as string,
    settings,
    store: withPlainErrors(settings.store),
    pacing,
    sealer: createSealer(settings.keys),
    outbox: undefined,
    announce(event, deferral) {
      // what was decided on this node is never hidden by a refused poll
      if (deferral.status !== 'pending') pacing.forget(deferral.id)
      if (ending.has(event) && deferral.notification?.status === 'owed') core.outbox?.wake(deferral)
      // a listener's fault must not cost the client an answer that is true already
      try {
        provider.emit(`deferral.${event}` as never, deferral as never)
      } catch (error) {
        process.emitWarning(`a listener of deferral.${event} failed: ${(error as Error)?.stack ?? error}`)
      }
    },
  }
  return keepCore(core)
}

function installHost(core: Core): void {
  const { provider, settings } = core
  const { profiles, ttl, grants } = settings
  const grantTypes = [openid.grantType, oauth.grantType]
  if (profiles.oauth) {
    const isCodeDeferrable = !grants || grants.includes('authorization_code')
    installHint(provider, {
      mayWait: (ctx) => isCodeDeferrable && mayPoll(ctx),
      isGiven: canWait,
      assertRequest,
      evidenceOf,
      lifetime: ttl.deferral,
    })
  }
  installIntercepts(provider)
  installReplayDetection(provider)
  installTokenRoute(provider, grantTypes)
  installIdTokenRules(provider)
  installClientRules(provider, { responseTypes: openid.responseTypes, grantTypes })
  installRevocation(provider, (ctx, token) => revoke(ctx, core, token))
  installUntil(provider)
  installAnswers(provider, {
    metadata: (ctx) => ({
      ...(profiles.openid && openidMetadata(ctx, core)),
      ...(profiles.oauth && oauthMetadata()),
    }),
    isRevocationPrivate: profiles.oauth,
  })
}
