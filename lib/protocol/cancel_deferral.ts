/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Authentication Cancellation Request", and OAuth 2.0 Deferred Token
 * Response, "Cancellation": ends a deferral that is not redeemed.
 */
import type { Cancellation, Stored } from '../deferral/store.js'
import { cancel, giveUp } from '../deferral/transitions.js'
import type { Plugin } from '../plugin.js'

/**
 * Cancels a deferral; `undefined` if it is already redeemed, denied, cancelled or expired. With `record` it need not be read.
 */
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
