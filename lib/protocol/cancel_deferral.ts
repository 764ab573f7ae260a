import type { Cancellation, Stored } from '../deferral/store.js'
import { cancel, giveUp } from '../deferral/transitions.js'
import type { Plugin } from '../plugin.js'

/** Cancels, unless the deferral is redeemed or over; resolves to the record if that changed it. `record` saves a read. */
export async function cancelDeferral(
  { records }: Plugin,
  id: string,
  cancellation: Cancellation = {},
  record?: Stored,
): Promise<Stored | undefined> {
  const after = await records.transit(id, cancel(cancellation), record)
  // already decided, but the client gave up: do not notify it any more (I-107, I-120)
  if (!after && cancellation.isByClient) await records.transit(id, giveUp)
  return after
}
