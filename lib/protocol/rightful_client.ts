/*
 * A handle is only valid for the client it was issued to, with the key it is bound to. Unknown handles, malformed ones and those
 * of other clients take the same path and get the same answer.
 */

import { type HandleKind, matches, parseHandle } from '../deferral/handle.js'
import type { Remembered } from '../deferral/pacing.js'
import type { Stored } from '../deferral/store.js'
import { type Context, clientOf } from '../host/context.js'
import { isInstallation } from '../host/grants/attestation.js'
import { assertFresh, assertKey, hasCertificate, verifiedProof } from '../host/grants/proof.js'
import type { Core } from '../plugin.js'

type Presentable = Remembered & { codeHash?: string; source?: { dpopJkt?: unknown } }

/**
 * The deferral of the rightful client. `undefined`: unknown, or shown by another client, with another certificate or by another
 * installation. Rejects with `invalid_dpop_proof` when the key is missing or wrong, or the proof was used before.
 */
export async function rightfulDeferral<T extends Presentable>(
  ctx: Context,
  { provider, internals }: Core,
  kinds: HandleKind | HandleKind[],
  handle: string,
  read: (id: string, isRightful: (deferral: Presentable | undefined) => boolean) => Promise<T | undefined>,
): Promise<T | undefined> {
  const { id, secret } = parseHandle(handle)
  const proof = await verifiedProof(ctx, internals)
  const isRightful = (deferral: Presentable | undefined) => {
    const hash = kinds === 'deferred_code' ? deferral?.codeHash : deferral?.handleHash
    // every kind is tried, whichever it is
    const known = [kinds].flat().filter((kind) => matches(kind, secret, hash)).length > 0
    return known && deferral?.clientId === clientOf(ctx).clientId
  }
  const deferral = await read(id, isRightful)
  if (!isRightful(deferral) || !deferral) return undefined
  if (!hasCertificate(ctx, provider, internals, deferral.binding)) return undefined
  if (!(await isInstallation(ctx, deferral.binding))) return undefined
  assertKey(ctx, proof, deferral.binding?.jkt ?? (deferral.source?.dpopJkt as string | undefined))
  if (proof) await assertFresh(ctx, provider, internals, proof)
  return deferral
}

/** Reads from the store. */
export function fromStore({ records }: Core): (id: string) => Promise<Stored | undefined> {
  return (id) => records.find(id)
}
