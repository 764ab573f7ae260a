/*
 * Planted: stores as people write them. Each takes a store that works and spoils one thing about it. A race must catch them before
 * it may say anything of ours.
 */
import { setTimeout as after } from 'node:timers/promises'
import type { Change, DeferralStore, Stored } from 'oidc-provider-deferred'

type Swap = DeferralStore['swap']

/** The same store with another swap. */
export function swapping(store: DeferralStore, swap: Swap): DeferralStore {
  return { ...store, swap }
}

/** The record as it would be written. */
export function asWritten(before: Stored, { after: record }: Change, writeId: string): Stored {
  return { ...record, readAt: before.readAt, revision: before.revision + 1, writeId }
}

const eventOf = ({ entry }: Change) => entry?.event

/** A swap without the revision in its filter: whoever comes last has decided. */
export function unchecked(store: DeferralStore): DeferralStore {
  const swap: Swap = async (before, change, writeId, now) => {
    const current = await store.find(before.id, now)
    if (!current || (change.unexpired && current.expiresAt <= current.readAt)) return undefined
    const swapped = await store.swap({ ...before, revision: current.revision }, change, writeId, now)
    return swapped ?? swap(before, change, writeId, now)
  }
  return swapping(store, swap)
}

/** Read, mint, answer: the redemption is noted where it can be, and no write decides it. */
export function undecided(store: DeferralStore): DeferralStore {
  return swapping(store, async (before, change, writeId, now) => {
    const swapped = await store.swap(before, change, writeId, now)
    return swapped ?? (eventOf(change) === 'redeemed' ? asWritten(before, change, writeId) : undefined)
  })
}

/** Answers before the swap, which follows a little later. */
export function hasty(store: DeferralStore): DeferralStore {
  return swapping(store, async (before, change, writeId, now) => {
    void after(20)
      .then(() => store.swap(before, change, writeId, now))
      .catch(() => undefined)
    return asWritten(before, change, writeId)
  })
}

/** A redemption that marks first, as soon as the approval is read, and mints then. */
export function burning(store: DeferralStore): DeferralStore {
  const marked = new Map<string, Stored>()
  return {
    ...store,
    async find(id, now, inDoubt) {
      const found = await store.find(id, now, inDoubt)
      if (found?.status !== 'approved' || !found.exchangedAt) return found
      const redeemed = { ...found, status: 'redeemed', redeemedAt: found.readAt } as Stored
      const swapped = await store.swap(found, { after: redeemed }, 'marked', now)
      if (swapped) marked.set(id, swapped)
      return found
    },
    swap: (before, change, writeId, now) =>
      store.swap((eventOf(change) === 'redeemed' && marked.get(before.id)) || before, change, writeId, now),
  }
}

/** A swap that does not look at the time again. */
export function ageless(store: DeferralStore): DeferralStore {
  return swapping(store, (before, change, writeId, now) =>
    store.swap(before, { ...change, unexpired: false }, writeId, now),
  )
}

/** A swap that writes what is new and never takes anything away. */
export function hoarding(store: DeferralStore): DeferralStore {
  return swapping(store, (before, { after: record, ...change }, writeId, now) =>
    store.swap(before, { ...change, after: { ...before, ...record } as Stored }, writeId, now),
  )
}

/** A swap that erases no history. */
export function historic(store: DeferralStore): DeferralStore {
  return swapping(store, (before, { erasedNames, ...change }, writeId, now) => store.swap(before, change, writeId, now))
}

/** Takes a fault for "somebody else was faster", or for "not there". */
export function swallowing(store: DeferralStore): DeferralStore {
  return {
    ...store,
    find: (...args) => store.find(...args).catch(() => undefined),
    swap: (...args) => store.swap(...args).catch(() => undefined),
  }
}
