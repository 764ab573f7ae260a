import type { DeferralRecord } from './deferral.js'
import { newId } from './handle.js'
import type { DeferralStore } from './store.js'

const leaseSeconds = 15

/** What mints for a claimed deferral, and what destroys again what was minted. */
export interface Mint {
  mint(claimed: DeferralRecord): Promise<void>
  discard(): Promise<void>
}

/**
 * Redeems an approved deferral: claim, mint, finalise. Resolves to the redeemed record, only then may the answer be sent;
 * or to `undefined` when somebody else was faster, and then nothing is left of what was minted.
 *
 * Dying before finalise loses nothing: the lease ends and the next poll claims again; what was minted was never disclosed.
 * An error while minting gives the claim back at once and is rethrown.
 */
export async function redeem(
  store: DeferralStore,
  id: string,
  { mint, discard }: Mint,
  clock: () => Date | undefined,
): Promise<DeferralRecord | undefined> {
  const claimId = newId()
  const claimed = await store.claim(id, claimId, leaseSeconds, clock())
  if (!claimed?.claim) return undefined
  try {
    await mint(claimed)
  } catch (error) {
    await discard().catch(() => undefined)
    await store.release(id, claimId, clock()).catch(() => undefined)
    throw error
  }
  const redeemed = await finalise(store, id, claimed.claim, clock)
  // a fault here hides no answer: nothing was disclosed, and it dies by its own expiry
  if (!redeemed) await discard().catch(() => undefined)
  return redeemed
}

// a lost reply must not lose the approval: finalise succeeds again for the claim that already won
async function finalise(
  store: DeferralStore,
  id: string,
  claim: { id: string; fence: number },
  clock: () => Date | undefined,
): Promise<DeferralRecord | undefined> {
  try {
    return await store.finalise(id, claim, clock())
  } catch {
    return await store.finalise(id, claim, clock())
  }
}
