import type { Core } from '../core.js'
import { type DeferralRecord, describe } from '../deferral/deferral.js'

/** Cancels, unless the deferral is redeemed or over; resolves to the record if that changed it. Without `by`: the client did. */
export async function cancelDeferral(
  { store, settings, announce }: Core,
  id: string,
  by?: string,
): Promise<DeferralRecord | undefined> {
  const cancelled = await store.cancel(id, by, settings.clock())
  if (cancelled) announce('cancelled', describe(cancelled))
  return cancelled
}
