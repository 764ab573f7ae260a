import type { DeferralStore, Settlement } from 'oidc-provider-deferred'
import { newId } from '../../lib/deferral/handle.js'
import { at } from './new_deferral.js'

/** One verb, at a time that is its own. */
export type Step = (store: DeferralStore, id: string, now?: Date) => Promise<unknown>

/** What is kept to notify with: any text, as far as a store is concerned. */
export const sealing = { sealed: '$sealed.$$NOW', hold: 15 }

/** Seconds of a lease. */
export const lease = 10

/** How an attempt may end. */
export const settlements = {
  delivered: { status: 'delivered', answer: 204 },
  owed: { status: 'owed', delay: 100, reason: 'the endpoint answered 503', answer: 503 },
  failed: { status: 'failed', reason: 'the $endpoint answered 401', answer: 401 },
  suppressed: { status: 'suppressed' },
} as const satisfies Record<string, Settlement>

const settle =
  (settlement: Settlement, fence = 1): Step =>
  (store, id, now = at(21)) =>
    store.settleNotification(id, fence, settlement, now)

/** Every verb that a notification is moved by; what is exchanged at 1 is held back until 16 and expires at 601. */
export const steps = {
  exchange: (store, id, now = at(1)) => store.exchange(id, { handleHash: newId(), sealing }, now),
  approve: (store, id, now = at(2)) => store.decide(id, 'approved', {}, now),
  deny: (store, id, now = at(2)) => store.decide(id, 'denied', {}, now),
  cancel: (store, id, now = at(3)) => store.cancel(id, { by: 'reviewer' }, now),
  cancelByClient: (store, id, now = at(25)) => store.cancel(id, { isByClient: true }, now),
  async redeem(store, id, now = at(26)) {
    const claimed = await store.claim(id, 'claim', 15, now)
    return store.finalise(id, { id: 'claim', fence: claimed?.fence ?? 0 }, now)
  },
  extend: (store, id, now = at(27)) => store.extend(id, 3600, now),
  arm: (store, id, now = at(6)) => store.arm(id, 1, now),
  claim: (store, id, now = at(20)) => store.claimNotification(id, lease, now),
  settleDelivered: settle(settlements.delivered),
  settleOwed: settle(settlements.owed),
  settleFailed: settle(settlements.failed),
  settleSuppressed: settle(settlements.suppressed),
  replay: (store, id, now = at(30)) => store.replayNotification(id, now),
} satisfies Record<string, Step>

/** The name of a verb. */
export type StepName = keyof typeof steps

/** Takes these steps, one after the other; resolves to what the last one wrote. */
export async function take(store: DeferralStore, id: string, path: readonly StepName[]): Promise<unknown> {
  let last: unknown
  for (const name of path) last = await steps[name](store, id)
  return last
}
