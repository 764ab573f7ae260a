import type { Provider } from 'oidc-provider'
import { createEvents, type Events } from './deferral/events.js'
import { type Pacing, pacingOf } from './deferral/pacing.js'
import { type Records, recordsOf } from './deferral/records.js'
import type { Context } from './host/context.js'
import type { Host } from './host/host.js'
import { createSealer, type Sealer } from './notification/sealer.js'
import type { Settings } from './options/options.js'

/** What the messages of both drafts are handled with, made once per provider. */
export interface Plugin {
  readonly host: Host
  readonly settings: Settings
  /** the changes that this node writes */
  readonly events: Events
  /** this issuer's deferrals, by the clock that decides */
  readonly records: Records
  readonly pacing: Pacing
  /** the deferrals that are being redeemed on this node, and for which request */
  readonly minting: Map<string, Context>
  /** seals what a notification needs; there is none without keys */
  readonly sealer: Sealer | undefined
}

const plugins = new WeakMap<Provider, Plugin>()

/** Makes the plugin of a provider. */
export function createPlugin(host: Host, settings: Settings): Plugin {
  const events = createEvents()
  const plugin = Object.freeze({
    host,
    settings,
    events,
    records: recordsOf(settings.store, {
      issuer: host.provider.issuer,
      clock: settings.now ?? (() => undefined),
      onWritten: events.publish,
    }),
    pacing: pacingOf(events),
    minting: new Map<string, Context>(),
    sealer: createSealer(settings.keys),
  })
  plugins.set(host.provider, plugin)
  return plugin
}

/**
 * The plugin of a provider; `undefined`: `install` has not run on it. The one look-up by provider: the prompt of `configure` and
 * the grants of `registerDeferrableGrant` are there before the plugin is, and one configuration may serve several providers.
 */
export function pluginOf(provider: Provider): Plugin | undefined {
  return plugins.get(provider)
}
