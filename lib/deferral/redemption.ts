import type { DeferralRecord } from './deferral_record.js'
import type { Records } from './records.js'
import type { Stored } from './store.js'
import { type Minted, redeem as redeemTransition } from './transitions.js'

/** An approved deferral with the revision that its store has. */
export type Approved = Stored & Extract<DeferralRecord, { status: 'approved' | 'denied' }> & { status: 'approved' }

/** Mints the tokens of an approved deferral, and can destroy them. */
export interface Mint {
  /**
   * Mints the tokens and builds the response. Everything that can fail or refuse happens here. Resolves to the encrypted response
   * to store, if `retryWindow` is on.
   */
  mint(): Promise<Minted['answer']>
  /** Destroys the minted tokens. */
  discard(): Promise<void>
}

/**
 * Redeems an approved deferral: mints, then makes the one write. The caller sends the response. `undefined`: somebody else was
 * faster, and the minted tokens are destroyed. If the node dies before the write, nothing is lost: the next poll mints again.
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
  // a fault here rejects: nothing has been disclosed, and the minted tokens stay unused until they expire
  const written = await records.transit(approved.id, redeemTransition({ decision, decidedAt, answer }), approved)
  if (!written) await discard().catch(() => undefined)
  return written
}
