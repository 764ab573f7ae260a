import type { Provider } from 'oidc-provider'
import type { Pacing } from './deferral/pacing.js'
import type { Records } from './deferral/records.js'
import type { Context } from './host/context.js'
import type { GrantHandler } from './host/grants/dry_run.js'
import type { MintRequest } from './host/grants/mint.js'
import type { Internals } from './host/seams.js'
import type { Outbox } from './notification/outbox.js'
import type { Sealer } from './notification/sealer.js'
import type { Settings } from './options/options.js'

/** Issues what was deferred, in the end. */
export type Mint = (ctx: Context, request: MintRequest) => Promise<void>

/** What every message of a profile is handled with, made once per provider. */
export interface Core {
  provider: Provider
  internals: Internals
  /** the host's authorization_code handler */
  handler: GrantHandler
  /** the host's client_credentials handler, where it has that grant */
  clientCredentials: GrantHandler | undefined
  /** how a deferred request of a grant type is issued in the end */
  minterOf: (grantType: string) => Mint | undefined
  /** path of the host's token endpoint */
  tokenRoute: string
  settings: Settings
  /** this issuer's deferrals; each change is announced once it is written */
  records: Records
  pacing: Pacing
  /** the deferrals that are being redeemed on this node, and for which request */
  minting: Map<string, Context>
  /** keeps what a notification needs; there is none without keys */
  sealer: Sealer | undefined
  /** the worker that notifies, where this node has one */
  outbox: Outbox | undefined
}

const cores = new WeakMap<Provider, Core>()

/** Keeps a provider's core for callbacks that were configured before the provider existed. */
export function keepCore(core: Core): Core {
  cores.set(core.provider, core)
  return core
}

/** The core of a provider on which `install` has run. */
export function coreOf(provider: Provider): Core | undefined {
  return cores.get(provider)
}
