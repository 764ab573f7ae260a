/*
 * "Cancellation" through OAuth 2.0 Token Revocation (RFC 7009): the working group's way to give up a deferral_code, and a second
 * one for a deferred_auth_id (C-O01). No answer shows what a handle is, or whose: it is 200, without a change unless
 * it is the rightful client's and came with the right key.
 */
import { errors } from 'oidc-provider'
import { isHandle } from '../deferral/handle.js'
import type { Context } from '../host/context.js'
import { afterProof } from '../host/grants/dry_run.js'
import { verifiedProof } from '../host/grants/proof.js'
import type { Core } from '../plugin.js'
import { cancelDeferral } from './cancel_deferral.js'
import { fromStore, rightfulDeferral } from './rightful_client.js'

/** Cancels what a client revokes by its handle; leaves every other token to the host. */
export async function revoke(ctx: Context, core: Core, token: string): Promise<void> {
  if (!isHandle(token)) return
  const deferral = await afterProof(ctx, core.handler, async () => {
    // a malformed proof is refused before the token is looked at
    await verifiedProof(ctx, core.internals)
    try {
      return await rightfulDeferral(ctx, core, ['deferral_code', 'deferred_auth_id'], token, fromStore(core))
    } catch (error) {
      // C-I05: a missing or foreign key changes nothing, and says nothing
      if (error instanceof errors.InvalidDpopProof) return undefined
      throw error
    }
  })
  // I-112; and a miss takes the same steps as a hit (I-116)
  const isOver = !deferral || deferral.expiresAt <= deferral.readAt
  if (isOver) await core.records.transitDecoy()
  else await cancelDeferral(core, deferral.id, { isByClient: true }, deferral)
}
