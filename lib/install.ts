import type { Provider } from 'oidc-provider'
import { Deferrals as BackOffice } from './back_office/deferrals.js'
import { assertLocalIssuer, startDevConsole } from './dev_console.js'
import { emitDeferralEvents } from './host/emit.js'
import { grantExpiry } from './host/grants/grant_lifetime.js'
import type { Host } from './host/host.js'
import { installOverrides, prepareHost } from './host/overrides/install.js'
import { routeMatcher } from './host/request/token_route.js'
import type { Deferrals } from './host/types.js'
import { createEgress } from './notification/egress/egress.js'
import { type EgressRules, egressRules } from './notification/egress/rules.js'
import { Outbox } from './notification/outbox.js'
import { Sweeps } from './notification/sweeps.js'
import { Tasks } from './notification/tasks.js'
import { isCibaOn } from './options/ciba.js'
import { fail } from './options/option_error.js'
import type { DeferredTokenResponseOptions, Settings } from './options/options.js'
import { isEnabled, settingsOf, warnOfAllowedRanges, warnOfMemoryStore } from './options/settings.js'
import { createPlugin, type Plugin, pluginOf } from './plugin.js'
import { type Preparation, preparationOf } from './preparation.js'
import { cibaGrantType } from './protocol/ciba/names.js'
import { ReachOuts } from './protocol/ciba/reach_out.js'
import { assertStaticEndpoints } from './protocol/client_registration.js'
import { cancelWithGrants } from './protocol/grant_revocation.js'
import { assertGrants, installOauth } from './protocol/oauth/install.js'
import * as oauth from './protocol/oauth/names.js'
import { installOpenid } from './protocol/openid/install.js'
import * as openid from './protocol/openid/names.js'
import { overrideRules } from './protocol/override_rules.js'

/**
 * Installs the plugin on a provider that was made with the configuration of `configure`. Sets and returns `provider.deferrals`.
 * With `enabled: false` it returns undefined and changes nothing. Throws a `TypeError` for a wrong option, and for a version of
 * oidc-provider whose internals have moved.
 */
export function install(provider: Provider, options: DeferredTokenResponseOptions & { enabled: false }): undefined
export function install(provider: Provider, options: DeferredTokenResponseOptions): Deferrals
export function install(provider: Provider, options: DeferredTokenResponseOptions): Deferrals | undefined {
  if (!isEnabled(options)) return undefined
  if (pluginOf(provider)) fail('', 'is installed on this provider already, call install once')
  const host = prepareHost(provider)
  const preparation = preparationOf(host.internals.configuration.interactions.policy)
  if (!preparation) {
    fail('', 'needs configure(configuration, options) before the constructor, pass what it returns')
  }
  // `configure` has checked its options; the options here may be another object
  const settings = preparation.options === options ? preparation.settings : settingsOf(options)
  assertInstallable(host, settings, preparation)
  if (settings.devConsole) assertLocalIssuer(provider.issuer)
  const egress = egressRules(settings.notification, provider.issuer)
  assertStaticEndpoints(preparation.clients, egress)
  if (!options.store) warnOfMemoryStore()
  warnOfAllowedRanges(settings)
  const plugin = createPlugin(host, settings)
  installOverrides(host, overrideRules(plugin, preparation))
  if (settings.profiles.openid) installOpenid(plugin)
  if (settings.profiles.oauth) installOauth(plugin)
  const deferrals = startNode(plugin, egress)
  Object.defineProperty(provider, 'deferrals', { value: deferrals, enumerable: false, configurable: true })
  if (settings.devConsole) startDevConsole(plugin)
  return deferrals
}

function assertInstallable(host: Host, settings: Settings, { addedCodeGrant }: Preparation): void {
  const { configuration, grantTypeHandlers } = host.internals
  const { profiles, routes } = settings
  for (const [profile, { grantType }] of Object.entries({ openid, oauth })) {
    if (!profiles[profile as keyof typeof profiles] || !grantTypeHandlers.has(grantType)) continue
    fail(`profiles.${profile}`, `clashes with a grant of yours, ${grantType} is registered`)
  }
  const isOurs = routeMatcher(routes.cancellation)
  const clash = Object.entries(configuration.routes).find(([, path]) => isOurs(path))
  if (clash) fail('routes.cancellation', `clashes with routes.${clash[0]}, choose another path`)
  if (profiles.oauth) assertGrants(host, settings, addedCodeGrant)
  //
  const isHosts = /\bcibaHandler$/.test(grantTypeHandlers.get(cibaGrantType)?.name ?? '')
  if (isCibaOn(settings) && !isHosts) fail('ciba', 'needs the grant of the host, another one is registered for CIBA')
}

/** Starts the background work of this node. `close` of the back office ends it. */
function startNode(plugin: Plugin, rules: EgressRules): Deferrals {
  const { host, settings, events, records, watching, waiters } = plugin
  const { provider } = host
  const outbox = outboxOf(plugin, rules)
  // after the outbox, so that the integrator's listeners run last
  emitDeferralEvents(provider, events)
  const reachOuts = isCibaOn(settings) ? new ReachOuts(plugin) : undefined
  const tasks = tasksOf(plugin)
  const workers = [reachOuts, tasks].filter((worker) => worker !== undefined)
  const sweeps = new Sweeps(records, outbox, watching, workers)
  const revokedGrants = cancelWithGrants(plugin)
  const office = new BackOffice({
    records,
    narrowing: settings.narrow,
    grantExpiry: ({ grantId }) => grantExpiry(provider, grantId),
    watch(onChange) {
      watching.subscribe(onChange, () => {})
      watching.begin()
    },
    maxLegs: settings.ciba.reachOut === false ? undefined : settings.ciba.maxLegs,
    close: async () => {
      waiters.close()
      const closing = [watching, sweeps, outbox, ...workers, revokedGrants].map((worker) => worker?.close())
      await Promise.all(closing)
    },
  })
  tasks?.start(office)
  return office
}

function tasksOf({ records, events, sealer, settings }: Plugin): Tasks | undefined {
  const { task, notification } = settings
  return task && sealer && notification.worker ? new Tasks({ records, events, sealer, takeStep: task }) : undefined
}

// without keys no deferral has a notification
function outboxOf({ host, events, records, settings, sealer }: Plugin, rules: EgressRules): Outbox | undefined {
  const { notification } = settings
  if (!sealer || !notification.worker) return undefined
  return new Outbox({ provider: host.provider, records, events, sealer, egress: createEgress(rules, notification) })
}
