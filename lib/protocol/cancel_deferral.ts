import type { Cancellation, Stored } from '../deferral/store.js'
import { cancel, giveUp } from '../deferral/transitions.js'
import type { Core } from '../plugin.js'

/** Cancels, unless the deferral is redeemed or over; resolves to the record if that changed it. `known` saves a read. */
export async function cancelDeferral(
  { records }: Core,
  id: string,
  cancellation: Cancellation = {},
  known?: Stored,
): Promise<Stored | undefined> {
  const cancelled = await records.transit(id, cancel(cancellation), known)
  // already decided, but the client gave up: do not notify it any more (I-107, I-120)
  if (!cancelled && cancellation.isByClient) await records.transit(id, giveUp)
  return cancelled
}
