/*
 * OAuth 2.0 Deferred Token Response, "Token Request" and "Successful Response", for custom grants of the integrator: their
 * contract, their registry, and how their tokens are minted.
 */
import type { Provider } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import type { Context } from '../../host/context.js'
import { withPlainFaults } from '../../host/faults.js'
import { runHandler } from '../../host/grants/dry_run.js'
import type { MintRequest } from '../../host/grants/mint.js'
import { bind, senderKey } from '../../host/grants/sender_key.js'
import { loadValidGrant } from '../../host/grants/valid_grant.js'
import type { Host } from '../../host/host.js'
import { intercept } from '../../host/request/intercepts.js'

/** A custom grant of the integrator whose token requests can wait. */
export interface DeferrableGrant<Source extends JsonObject = JsonObject> {
  /**
   * Checks a token request completely, and returns the source for `issue` as plain JSON. Throws the host's errors. Some members
   * mean the same as in the host's codes: reviewers see `scope` (space-separated), `resource`, `rar` and `claims`, and their
   * decisions narrow them. The account of `accountId` and the Grant of `grantId` are checked again before `issue` is called.
   */
  validate: (ctx: Context) => Promise<Source> | Source
  /**
   * Saves the tokens and writes the answer to `ctx.body`, now or days later. It must use only the source. The plugin binds the
   * tokens to the key of the request when they are saved, so read `expiration` and `tokenType` after that.
   */
  issue: (ctx: Context, source: Source & { clientId: string }) => Promise<void> | void
}

/** The source of a custom grant. */
export type CustomSource = JsonObject & { clientId: string }

const customGrants = new WeakMap<Provider, Map<string, DeferrableGrant>>()

/** Adds a custom grant of a provider. The plugin need not be installed on it yet. */
export function addCustomGrant(provider: Provider, name: string, grant: DeferrableGrant): void {
  const grants = customGrants.get(provider) ?? new Map<string, DeferrableGrant>()
  customGrants.set(provider, grants.set(name, grant))
}

/** The custom grant with this name; `undefined` if `registerDeferrableGrant` has not registered it. */
export function customGrant(provider: Provider, name: string): DeferrableGrant | undefined {
  return customGrants.get(provider)?.get(name)
}

/** Mints the tokens of an approved deferral with `issue` (I-063). */
export async function mintFromCustomGrant(
  ctx: Context,
  host: Host,
  { name, grant }: { name: string; grant: DeferrableGrant },
  { source, saveToken }: MintRequest,
): Promise<void> {
  await withPlainFaults(loadValidGrant(ctx, host, source))
  const { binding } = await senderKey(ctx, host)
  intercept(ctx, {
    isCustomGrant: true,
    saveToken(token) {
      bind(ctx, token, binding)
      saveToken(token)
    },
  })
  await runHandler(ctx, async () => grant.issue(ctx, source as CustomSource), { grant_type: name })
}
