import type { DeferralStore, Stored, Swap } from './store.js'
import { turn } from './turn.js'

const longestBatch = 64
const resultsAtOnce = 8
// milliseconds: a swap waits no longer for the batch before it
const patience = 20
// milliseconds: after them it is unknown whether the swaps of a batch were made. A deferral that another write blocks must not block
// those in its batch until their leases end
const longestWait = 3000

interface Entry {
  swap: Swap
  resolve(record: Stored | undefined): void
  reject(error: unknown): void
}

/**
 * The `swap` of this store, for writes that can wait a moment: those that arrive together go to the store together. While
 * a batch is written, new swaps collect for the next one. A store without `swapAll` gets every swap alone.
 */
export function batchedSwap(store: DeferralStore): DeferralStore['swap'] {
  if (!store.swapAll) return store.swap
  let entries: Entry[] = []
  let lastBatch: Promise<unknown> | undefined

  async function sendSoon(): Promise<void> {
    await lastBatch
    // swaps that callers make after the last batch join this one
    await turn()
    const all = entries
    entries = []
    for (let first = 0; first < all.length; first += longestBatch) {
      lastBatch = Promise.race([send(store, all.slice(first, first + longestBatch)), after(patience)])
    }
  }

  return (before, change, writeId, now) =>
    new Promise((resolve, reject) => {
      entries.push({ swap: { before, change, writeId, now }, resolve, reject })
      if (entries.length === 1) void sendSoon()
    })
}

/** Makes these swaps, and never rejects. */
async function send(store: DeferralStore, entries: Entry[]): Promise<void> {
  try {
    const results = await inTime(swapAll(store, entries))
    for (const [nth, { resolve, reject }] of entries.entries()) {
      // what the callers do with their results must not keep requests waiting
      if (nth > 0 && nth % resultsAtOnce === 0) await turn()
      const result = results[nth]
      if (result instanceof Error) reject(result)
      else resolve(result)
    }
  } catch (error) {
    for (const { reject } of entries) reject(error)
  }
}

async function swapAll(store: DeferralStore, entries: Entry[]): Promise<(Stored | Error | undefined)[]> {
  const [{ swap } = {}, ...others] = entries
  if (swap && others.length === 0) return [await store.swap(swap.before, swap.change, swap.writeId, swap.now)]
  return (await store.swapAll?.(entries.map((entry) => entry.swap))) ?? []
}

function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer in time')), longestWait).unref()
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
