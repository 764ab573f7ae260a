import type { Provider } from 'oidc-provider'
import { isEnabled, settle, warnOfAllowedRanges, warnOfMemoryStore } from './configuration.js'
import { type Preparation, preparationOf } from './configure.js'
import { type Core, coreOf, keepCore } from './core.js'
import { Deferrals as BackOffice } from './deferral/deferrals.js'
import { describe } from './deferral/describe.js'
import { eventsOf } from './deferral/events.js'
import { createPacing } from './deferral/pacing.js'
import { recordsOf } from './deferral/records.js'
import type { HistoryEntry, Stored } from './deferral/store.js'
import { installAnswers } from './host/answer.js'
import { installClientRules } from './host/client.js'
import { installConsumption } from './host/consumption.js'
import { grantExpiry } from './host/grant.js'
import { type Hint, installHint } from './host/hint.js'
import type { GrantHandler } from './host/hold.js'
import { installIdTokenRules } from './host/id_token.js'
import { installIntercepts } from './host/intercept.js'
import { emitSafely, installListeners } from './host/listeners.js'
import { extendPayloads } from './host/payload.js'
import { installReplayDetection } from './host/replay_detection.js'
import { takeBackCode } from './host/response_types.js'
import { installRevocation } from './host/revocation.js'
import { assertSameHost, type Internals, internalsOf } from './host/seams.js'
import { installTokenRoute, routeMatcher } from './host/token_route.js'
import { installUnavailable } from './host/unavailable.js'
import { installUntil } from './host/until.js'
import type { Deferrals } from './host_types.js'
import { createEgress } from './notification/egress.js'
import { type EgressRules, egressRules } from './notification/egress_rules.js'
import { Outbox } from './notification/outbox.js'
import { createSealer } from './notification/sealed.js'
import { Sweeps } from './notification/sweeps.js'
import { assertRequest, canWait, mayPoll } from './oauth/completion_mode.js'
import { guardDoors, isDeferrableGrant } from './oauth/doors.js'
import { assertGrants, installOauth, resumptionOf } from './oauth/install.js'
import { metadata as oauthMetadata } from './oauth/metadata.js'
import * as oauth from './oauth/names.js'
import { assertStaticEndpoints } from './openid/client_registration.js'
import { installOpenid } from './openid/install.js'
import { metadata as openidMetadata } from './openid/metadata.js'
import * as openid from './openid/names.js'
import type { DeferredTokenResponseOptions, Settings } from './options.js'
import { fail } from './options_error.js'
import { ourRequests } from './our_requests.js'
import { isAsking } from './profile/defer.js'
import { evidenceOf } from './profile/evidence.js'
import { revoke } from './profile/revocation.js'
import { cancelWithGrants } from './profile/revoked_grants.js'

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
  if (isAsking(settings)) guardDoors(core)
  if (preparation.lentCode) takeBackCode(internals)
  const outbox = outboxOf(core, rules)
  core.outbox = outbox
  const sweeps = new Sweeps(core.records, outbox)
  const revokedGrants = cancelWithGrants(core)
  const deferrals = new BackOffice({
    records: core.records,
    narrowing: settings.narrow,
    grantExpiry: ({ grantId }) => grantExpiry(provider, grantId),
    close: async () => void (await Promise.all([sweeps.close(), outbox?.close(), revokedGrants.close()])),
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

// without keys no secrets are sealed, and there is nothing to send
function outboxOf({ provider, records, settings, sealer }: Core, rules: EgressRules): Outbox | undefined {
  const { notification } = settings
  if (!sealer || notification.worker === false) return undefined
  return new Outbox({ provider, records, sealer, egress: createEgress(rules, notification) })
}

function createCore(provider: Provider, internals: Internals, settings: Settings): Core {
  const core: Core = {
    provider,
    internals,
    handler: internals.grantTypeHandlers.get('authorization_code') as GrantHandler,
    clientCredentials: internals.grantTypeHandlers.get('client_credentials'),
    resumptionOf: (grantType) => resumptionOf(core, grantType),
    tokenRoute: internals.configuration.routes.token as string,
    settings,
    records: recordsOf(settings.store, {
      issuer: provider.issuer,
      clock: settings.clock,
      onWritten: (record, entry) => announce(core, record, entry),
    }),
    pacing: createPacing(),
    minting: new Map(),
    sealer: createSealer(settings.keys),
    outbox: undefined,
  }
  return keepCore(core)
}

function announce({ provider, pacing, outbox }: Core, record: Stored, entry: HistoryEntry): void {
  const { status, expiredAt, notification } = record
  // after a change on this node no poll may be refused from memory
  if (status !== 'pending' || expiredAt) pacing.forget(record.id)
  // a notification that this node made due does not wait for the next sweep
  if (notification?.status === 'owed' && !notification.leased && notification.due && notification.due <= entry.at) {
    outbox?.take([record])
  }
  for (const event of eventsOf(entry)) {
    const name = `deferral.${event}` as const
    if (provider.listenerCount(name as never) > 0) emitSafely(provider, name, describe(record))
  }
}

function installHost(core: Core): void {
  const { provider, settings } = core
  const { profiles } = settings
  const grantTypes = [openid.grantType, oauth.grantType]
  if (isAsking(settings)) installConsumption(provider)
  if (profiles.oauth || isAsking(settings)) installHint(provider, hintOf(core))
  installIntercepts(provider)
  installReplayDetection(provider)
  installTokenRoute(provider, grantTypes)
  installIdTokenRules(provider)
  installClientRules(provider, { responseTypes: openid.responseTypes, grantTypes })
  installRevocation(provider, (ctx, token) => revoke(ctx, core, token))
  installUntil(provider, core.records.now)
  installUnavailable(provider, ourRequests)
  installAnswers(provider, {
    metadata: (ctx) => ({
      ...(profiles.openid && openidMetadata(ctx, core)),
      ...(profiles.oauth && oauthMetadata()),
    }),
    isRevocationPrivate: profiles.oauth,
  })
  installListeners(provider)
}

function hintOf(core: Core): Hint {
  const { profiles, ttl } = core.settings
  const isCodeDeferrable = isDeferrableGrant(core, 'authorization_code')
  return {
    mayWait: (ctx) => isCodeDeferrable && mayPoll(ctx),
    isAsking: isAsking(core.settings),
    isGiven: (ctx, mode) => profiles.oauth && canWait(ctx, mode),
    assertRequest: (ctx, isHinted) => profiles.oauth && assertRequest(ctx, isHinted),
    evidenceOf,
    lifetime: ttl.deferral,
  }
}
