/*
 * OAuth 2.0 Deferred Token Response, "Cancellation", through OAuth 2.0 Token Revocation (RFC 7009): a client gives up its
 * request by revoking its deferral_code, or its deferred_auth_id (C-O01). The answer is always 200, so it does not show whether
 * a handle exists. Only the rightful client with the right key can cancel.
 */
import { errors } from 'oidc-provider'
import { type HandleKind, isHandle } from '../deferral/handle.js'
import type { Context } from '../host/context.js'
import { verifyProof } from '../host/grants/proof.js'
import type { Plugin } from '../plugin.js'
import { cancelDeferral } from './cancel_deferral.js'
import { rightfulDeferral } from './rightful_client.js'

const kinds: HandleKind[] = ['deferral_code', 'deferred_auth_id']

/** Cancels the deferral of a handle. Leaves every other token to the host. */
export async function revoke(ctx: Context, plugin: Plugin, token: string): Promise<void> {
  if (!isHandle(token)) return
  const proof = await verifyProof(ctx, plugin.host)
  const deferral = await rightfulDeferral(ctx, plugin, kinds, token, proof).catch(undefinedWithoutKey)
  // I-112. A decoy write makes the answer for unknown handles as slow as for others (I-116)
  const isOver = !deferral || deferral.expiresAt <= deferral.readAt
  if (isOver) await plugin.records.transitDecoy()
  else await cancelDeferral(plugin, deferral.id, { isByClient: true }, deferral)
}

// C-I05: without the right key nothing changes, and the answer is the same
function undefinedWithoutKey(error: unknown): undefined {
  if (!(error instanceof errors.InvalidDpopProof)) throw error
}
