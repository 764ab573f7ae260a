import type { Provider } from 'oidc-provider'
import { Deferrals as BackOffice } from './back_office/deferrals.js'
import { preparationOf } from './configure.js'
import { describe } from './deferral/describe.js'
import { eventsOf } from './deferral/events.js'
import { createPacing } from './deferral/pacing.js'
import { recordsOf } from './deferral/records.js'
import type { HistoryEntry, Stored } from './deferral/store.js'
import type { GrantHandler } from './host/grants/dry_run.js'
import { grantExpiry } from './host/grants/grant_lifetime.js'
import { installAnswers } from './host/overrides/answers.js'
import { installClientRules } from './host/overrides/client_rules.js'
import { type Hint, installHint } from './host/overrides/completion_mode_hint.js'
import { installConsumption } from './host/overrides/consumption.js'
import { installIdTokenRules } from './host/overrides/id_token_hint.js'
import { emitSafely, installListeners } from './host/overrides/listeners.js'
import { extendPayloads } from './host/overrides/payload.js'
import { installReplayDetection } from './host/overrides/replay_detection.js'
import { removeAddedCodeGrant } from './host/overrides/response_types.js'
import { installRevocation } from './host/overrides/revocation_lookup.js'
import { installUnavailable } from './host/overrides/server_errors.js'
import { installIntercepts } from './host/overrides/storage.js'
import { installUntil } from './host/overrides/token_expiry.js'
import { installTokenRoute, routeMatcher } from './host/overrides/token_route.js'
import { assertSameHost, type Internals, internalsOf } from './host/seams.js'
import type { Deferrals } from './host/types.js'
import { createEgress } from './notification/egress/egress.js'
import { type EgressRules, egressRules } from './notification/egress/rules.js'
import { Outbox } from './notification/outbox.js'
import { createSealer } from './notification/sealer.js'
import { Sweeps } from './notification/sweeps.js'
import { fail } from './options/option_error.js'
import type { DeferredTokenResponseOptions, Settings } from './options/options.js'
import { isEnabled, settingsOf, warnOfAllowedRanges, warnOfMemoryStore } from './options/settings.js'
import { type Core, coreOf, keepCore } from './plugin.js'
import { isAsking } from './protocol/ask_defer.js'
import { assertStaticEndpoints } from './protocol/client_registration.js'
import { evidenceOf } from './protocol/evidence.js'
import { cancelWithGrants } from './protocol/grant_revocation.js'
import { assertRequest, canWait, mayPoll } from './protocol/oauth/completion_mode.js'
import { guardDoors, isDeferrableGrant } from './protocol/oauth/defer_enforcement.js'
import { assertGrants, installOauth, minterOf } from './protocol/oauth/install.js'
import { metadata as oauthMetadata } from './protocol/oauth/metadata.js'
import * as oauth from './protocol/oauth/names.js'
import { installOpenid } from './protocol/openid/install.js'
import { metadata as openidMetadata } from './protocol/openid/metadata.js'
import * as openid from './protocol/openid/names.js'
import { ourRequests } from './protocol/our_requests.js'
import { revoke } from './protocol/revocation.js'

/**
 * Has a provider whose configuration came from `configure` speak Deferred Token Response. Sets and returns `provider.deferrals`;
 * with `enabled: false` it returns undefined and touches nothing. A wrong option, or a host whose internals moved, is a
 * `TypeError`.
 */
export function install(provider: Provider, options: DeferredTokenResponseOptions & { enabled: false }): undefined
export function install(provider: Provider, options: DeferredTokenResponseOptions): Deferrals
export function install(provider: Provider, options: DeferredTokenResponseOptions): Deferrals | undefined {
  if (!isEnabled(options)) return undefined
  assertSameHost(provider)
  if (coreOf(provider)) fail('', 'is installed on this provider already, call install once')
  extendPayloads(provider)
  const internals = internalsOf(provider)
  const preparation = preparationOf(internals.configuration.interactions.policy)
  if (!preparation) {
    fail('', 'needs configure(configuration, options) before the constructor, pass what it returns')
  }
  // `configure` has checked its own options; another object may hold anything
  const settings = preparation.options === options ? preparation.settings : settingsOf(options)
  assertInstallable(provider, internals, settings)
  const rules = egressRules(settings.notification, provider.issuer)
  assertStaticEndpoints(preparation.clients, rules)
  if (!options.store) warnOfMemoryStore()
  warnOfAllowedRanges(settings)
  const core = createCore(provider, internals, settings)
  installHost(core)
  if (settings.profiles.openid) installOpenid(core)
  if (settings.profiles.oauth) installOauth(core)
  if (isAsking(settings)) guardDoors(core)
  if (preparation.addedCodeGrant) removeAddedCodeGrant(internals)
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

function assertInstallable(provider: Provider, internals: Internals, settings: Settings): void {
  const { configuration, grantTypeHandlers } = internals
  const { profiles, routes } = settings
  for (const [profile, { grantType }] of Object.entries({ openid, oauth })) {
    if (!profiles[profile as keyof typeof profiles] || !grantTypeHandlers.has(grantType)) continue
    fail(`profiles.${profile}`, `clashes with a grant of yours, ${grantType} is registered`)
  }
  const isOurs = routeMatcher(routes.cancellation)
  const clash = Object.entries(configuration.routes).find(([, path]) => isOurs(path))
  if (clash) fail('routes.cancellation', `clashes with routes.${clash[0]}, choose another path`)
  if (profiles.oauth) assertGrants(provider, internals, settings)
}

// without keys no secrets are sealed, and there is nothing to send
function outboxOf({ provider, records, settings, sealer }: Core, rules: EgressRules): Outbox | undefined {
  const { notification } = settings
  if (!sealer || !notification.worker) return undefined
  return new Outbox({ provider, records, sealer, egress: createEgress(rules, notification) })
}

function createCore(provider: Provider, internals: Internals, settings: Settings): Core {
  const core: Core = {
    provider,
    internals,
    handler: internals.grantTypeHandlers.get('authorization_code') as GrantHandler,
    clientCredentials: internals.grantTypeHandlers.get('client_credentials'),
    minterOf: (grantType) => minterOf(core, grantType),
    tokenRoute: internals.configuration.routes.token as string,
    settings,
    records: recordsOf(settings.store, {
      issuer: provider.issuer,
      clock: settings.now ?? (() => undefined),
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
