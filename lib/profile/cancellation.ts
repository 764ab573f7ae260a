import type { Core } from '../core.js'
import { type DeferralRecord, describe } from '../deferral/deferral.js'
import { nowhere } from '../deferral/handle.js'
import type { Cancellation } from '../deferral/store.js'

/** Cancels, unless the deferral is redeemed or over; resolves to the record if that changed it. */
export async function cancelDeferral(
  { store, settings, announce }: Core,
  id: string,
  cancellation: Cancellation = {},
): Promise<DeferralRecord | undefined> {
  const cancelled = await store.cancel(id, cancellation, settings.clock())
  if (cancelled) announce('cancelled', describe(cancelled))
  // decided already: whoever gives up all the same is told no more (I-107, I-120)
  else if (cancellation.isByClient && id !== nowhere) await store.suppress(id, settings.clock())
  return cancelled
}
