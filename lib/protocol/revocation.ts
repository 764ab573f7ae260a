/*
 * "Cancellation" through OAuth 2.0 Token Revocation (RFC 7009): the working group's way to give up a deferral_code, and a second
 * one for a deferred_auth_id (C-O01). The answer is always 200, and never shows what a handle is or whose. Only the rightful
 * client with the right key changes anything.
 */
import { errors } from 'oidc-provider'
import { type HandleKind, isHandle } from '../deferral/handle.js'
import type { Context } from '../host/context.js'
import { verifyProof } from '../host/grants/proof.js'
import type { Plugin } from '../plugin.js'
import { cancelDeferral } from './cancel_deferral.js'
import { rightfulDeferral } from './rightful_client.js'

const kinds: HandleKind[] = ['deferral_code', 'deferred_auth_id']

/** Cancels what a client revokes by its handle; leaves every other token to the host. */
export async function revoke(ctx: Context, plugin: Plugin, token: string): Promise<void> {
  if (!isHandle(token)) return
  const proof = await verifyProof(ctx, plugin.host)
  const deferral = await rightfulDeferral(ctx, plugin, kinds, token, proof).catch(undefinedWithoutKey)
  // I-112; and a miss takes the same steps as a hit (I-116)
  const isOver = !deferral || deferral.expiresAt <= deferral.readAt
  if (isOver) await plugin.records.transitDecoy()
  else await cancelDeferral(plugin, deferral.id, { isByClient: true }, deferral)
}

// C-I05: a missing key or another one changes nothing, and the answer does not show it
function undefinedWithoutKey(error: unknown): undefined {
  if (!(error instanceof errors.InvalidDpopProof)) throw error
}
