import type { Provider } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import type { Context } from '../../host/context.js'
import { withPlainFaults } from '../../host/faults.js'
import { runHandler } from '../../host/grants/dry_run.js'
import type { MintRequest } from '../../host/grants/mint.js'
import { bind, senderKey } from '../../host/grants/sender_key.js'
import { loadValidGrant } from '../../host/grants/standing_grant.js'
import type { Host } from '../../host/host.js'
import { intercept } from '../../host/request/intercepts.js'

/** A grant of the integrator's that can wait. */
export interface DeferrableGrant<Source extends JsonObject = JsonObject> {
  /**
   * Checks everything about a token request and returns, as plain JSON, what to issue from. Throws the host's errors. Members
   * named as in the host's codes mean the same: `scope` (space-separated), `resource`, `rar` and `claims` are shown to reviewers
   * and narrowed by their decisions, the account of `accountId` and the Grant of `grantId` are looked up again in the end.
   */
  validate: (ctx: Context) => Promise<Source> | Source
  /**
   * Saves the tokens and writes the answer to `ctx.body`, now or days later, from nothing but the source. The key of the request
   * is bound to the tokens it saves for its client; read `expiration` and `tokenType` after that.
   */
  issue: (ctx: Context, source: Source & { clientId: string }) => Promise<void> | void
}

/** What a custom grant issues from. */
export type Issuable = JsonObject & { clientId: string }

const registered = new WeakMap<Provider, Map<string, DeferrableGrant>>()

/** Keeps a custom grant of a provider, also before the plugin is installed on it. */
export function keepCustomGrant(provider: Provider, name: string, grant: DeferrableGrant): void {
  const grants = registered.get(provider) ?? new Map<string, DeferrableGrant>()
  registered.set(provider, grants.set(name, grant))
}

/** The custom grant of this name; `undefined`: none was registered with `registerDeferrableGrant`. */
export function customGrant(provider: Provider, name: string): DeferrableGrant | undefined {
  return registered.get(provider)?.get(name)
}

/** Issues what was deferred (I-063). */
export async function mintFromCustomGrant(
  ctx: Context,
  host: Host,
  { name, grant }: { name: string; grant: DeferrableGrant },
  { source, saveToken }: MintRequest,
): Promise<void> {
  await withPlainFaults(loadValidGrant(ctx, host, source))
  const { binding } = await senderKey(ctx, host)
  intercept(ctx, {
    isTheirs: true,
    saveToken(token) {
      bind(ctx, token, binding)
      saveToken(token)
    },
  })
  await runHandler(ctx, async () => grant.issue(ctx, source as Issuable), { grant_type: name })
}
