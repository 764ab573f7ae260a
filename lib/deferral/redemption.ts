import type { DeferralRecord } from './deferral.js'
import type { Records } from './records.js'
import type { Stored } from './store.js'
import { type Minted, redeem as redeemed } from './transitions.js'

/** An approved deferral as its store has it. */
export type Approved = Stored & Extract<DeferralRecord, { status: 'approved' | 'denied' }> & { status: 'approved' }

/** What mints for an approved deferral, and what destroys again what was minted. */
export interface Mint {
  /** Makes the answer. Everything that may fail or refuse is in here; what it resolves to is kept for the option `retryWindow`. */
  mint(): Promise<Minted['answer']>
  discard(): Promise<void>
}

/**
 * Redeems an approved deferral: mint, then the one write, then the caller answers. `undefined`: somebody else was faster, and
 * nothing is left of what was minted. Dying before the write loses nothing, the next poll mints again.
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
  // a fault here is rethrown with nothing disclosed; what was minted ends with its own expiry
  const written = await records.transit(approved.id, redeemed({ decision, decidedAt, answer }), approved)
  if (!written) await discard().catch(() => undefined)
  return written
}
