import type { Provider } from 'oidc-provider'
import { createEvents, type Events } from './deferral/events.js'
import { createLines, type Lines } from './deferral/line.js'
import { type Pacing, pacingOf } from './deferral/pacing.js'
import type { Records } from './deferral/records.js'
import { createWaiters, type Waiters } from './deferral/waiters.js'
import { publishedRecords } from './diagnostics/records.js'
import type { Context } from './host/context.js'
import type { Host } from './host/host.js'
import { createSealer, type Sealer } from './notification/sealer.js'
import { createWatching, type Watching } from './notification/watching.js'
import type { Settings } from './options/options.js'

/** Everything that the code for both drafts needs. There is one per provider. */
export interface Plugin {
  readonly host: Host
  readonly settings: Settings
  /** publishes each change that this node has written */
  readonly events: Events
  /** this issuer's deferrals. The clock is the store's, or the test clock of the options */
  readonly records: Records
  readonly pacing: Pacing
  /** where this node hears of the changes of others */
  readonly watching: Watching
  /** polls that this node holds */
  readonly waiters: Waiters
  /** redemptions in progress on this node: internal id to request */
  readonly minting: Map<string, Context>
  /** creations on this node, so that those of one end-user or one client count one after the other */
  readonly lines: Lines
  /** encrypts the secrets of notifications; absent without keys */
  readonly sealer: Sealer | undefined
}

const plugins = new WeakMap<Provider, Plugin>()

/** Creates the plugin of this provider. `pluginOf` finds it from then on. */
export function createPlugin(host: Host, settings: Settings): Plugin {
  const events = createEvents()
  const pacing = pacingOf(events)
  const waiters = createWaiters(settings.longPoll.waiters)
  const plugin = Object.freeze({
    host,
    settings,
    events,
    records: publishedRecords(settings.store, events, {
      issuer: host.provider.issuer,
      retention: settings.ttl.retention,
      clock: settings.now ?? (() => undefined),
    }),
    pacing,
    watching: watchingOf(settings, pacing, waiters),
    waiters,
    minting: new Map<string, Context>(),
    lines: createLines(),
    sealer: createSealer(settings.keys),
  })
  // held polls end at once, with and without a watch
  events.subscribe(({ id }) => waiters.wake(id))
  plugins.set(host.provider, plugin)
  return plugin
}

function watchingOf({ store }: Settings, pacing: Pacing, waiters: Waiters): Watching {
  const watching = createWatching(store)
  watching.subscribe(
    (id) => {
      pacing.distrust(id)
      waiters.wake(id)
    },
    () => {
      pacing.distrust()
      waiters.wakeAll()
    },
  )
  return watching
}

/**
 * The plugin of a provider; `undefined` before `install`. Only the prompt of `configure` and the grants of
 * `registerDeferrableGrant` need it: both exist before the plugin, and several providers may share one configuration.
 */
export function pluginOf(provider: Provider): Plugin | undefined {
  return plugins.get(provider)
}
