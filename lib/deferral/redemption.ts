import type { DeferralRecord } from './deferral.js'
import type { Records } from './records.js'
import type { Stored } from './store.js'
import { type Minted, redeem as redeemTransition } from './transitions.js'

/** An approved deferral with the revision that its store has. */
export type Approved = Stored & Extract<DeferralRecord, { status: 'approved' | 'denied' }> & { status: 'approved' }

/** Mints tokens for an approved deferral, and destroys them. */
export interface Mint {
  /**
   * Mints and makes the answer. Everything that may fail or refuse happens here. Resolves to the answer to store for
   * `retryWindow`.
   */
  mint(): Promise<Minted['answer']>
  discard(): Promise<void>
}

/**
 * Redeems an approved deferral: mints, makes the one write, and leaves the answer to the caller. `undefined`: somebody else was
 * faster, and the minted tokens are destroyed. A node that dies before the write loses nothing: the next poll mints again.
 */
export async function redeem(
  records: Records,
  approved: Approved,
  { mint, discard }: Mint,
): Promise<Stored | undefined> {
  const { decision, decidedAt } = approved
  let answer: Minted['answer']
  try {
    answer = await mint()
  } catch (error) {
    await discard().catch(() => undefined)
    throw error
  }
  // a fault here is rethrown: nothing has been disclosed, and the minted tokens end with their own expiry
  const written = await records.transit(approved.id, redeemTransition({ decision, decidedAt, answer }), approved)
  if (!written) await discard().catch(() => undefined)
  return written
}
