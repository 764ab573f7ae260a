/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Request using the Authentication Request ID", and OAuth 2.0 Deferred
 * Token Response, "Polling": a handle is only valid for the client that got it, with the key that it is bound to. Unknown
 * handles, malformed handles and handles of other clients take the same path and get the same answer.
 */

import type { DeferralRecord } from '../deferral/deferral_record.js'
import { type HandleKind, matches, parseHandle } from '../deferral/handle.js'
import type { Stored } from '../deferral/store.js'
import { type Context, clientOf } from '../host/context.js'
import { isInstallation } from '../host/grants/attestation.js'
import { assertFresh, assertKey, hasCertificate, type Proof } from '../host/grants/proof.js'
import type { Plugin } from '../plugin.js'

/** The members of a deferral that identify its rightful client. */
type Ownership = Pick<DeferralRecord, 'clientId' | 'codeHash' | 'handleHash' | 'binding'> & {
  source?: { dpopJkt?: unknown }
}

/** Reads a deferral for its rightful client; `undefined` for all others. Rejects as `assertSender` does. */
export async function rightfulDeferral(
  ctx: Context,
  plugin: Plugin,
  kinds: HandleKind | HandleKind[],
  handle: string,
  proof: Proof | undefined,
): Promise<Stored | undefined> {
  const deferral = await plugin.records.find(parseHandle(handle).id)
  if (!(await isRightful(ctx, plugin, kinds, handle, deferral)) || !deferral) return undefined
  await assertSender(ctx, plugin, deferral, proof)
  return deferral
}

/** Whether the handle, client, certificate and installation of this request are those of the deferral. */
export async function isRightful(
  ctx: Context,
  { host }: Plugin,
  kinds: HandleKind | HandleKind[],
  handle: string,
  deferral: Ownership | undefined,
): Promise<boolean> {
  const { secret } = parseHandle(handle)
  const hash = kinds === 'deferred_code' ? deferral?.codeHash : deferral?.handleHash
  // compares with every kind, so that the time does not show the kind
  const isHandle = [kinds].flat().filter((kind) => matches(kind, secret, hash)).length > 0
  if (!isHandle || deferral?.clientId !== clientOf(ctx).clientId) return false
  return hasCertificate(ctx, host, deferral.binding) && isInstallation(ctx, deferral.binding)
}

/** Throws `invalid_dpop_proof` for a missing proof, for a proof with another key, and for a proof that was used before. */
export async function assertSender(
  ctx: Context,
  { host }: Plugin,
  { binding, source }: Ownership,
  proof: Proof | undefined,
): Promise<void> {
  assertKey(ctx, proof, binding?.jkt ?? (source?.dpopJkt as string | undefined))
  if (proof) await assertFresh(ctx, host, proof)
}
