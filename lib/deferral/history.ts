import type { By } from './deferral.js'
import type { StoredEntry } from './store.js'

/** A history is kept whole up to this many entries. */
export const wholeHistory = 200

/** Above this length every old entry may go, except those in `lastingEvents`. Else a record could grow too large to be written. */
export const longestHistory = 1000

/** The newest entries always stay: a write whose reply was lost is found by its entry. */
export const newestEntries = 50

/** The events whose entries go first, the oldest one first. */
export const passingEvents: readonly string[] = ['progress', 'assigned', 'unassigned']

/** The events whose entries go next. */
export const commentEvents: readonly string[] = ['commented']

/** The events whose entries never go. */
export const lastingEvents: readonly string[] = ['created', 'approved', 'denied', 'cancelled', 'redeemed']

/** The history with one more entry. If it is too long, one old entry goes. */
export function appended(history: readonly StoredEntry[], entry: StoredEntry): StoredEntry[] {
  const all = [...history, entry]
  if (all.length <= wholeHistory) return all
  const old = all.slice(0, -newestEntries)
  const oldestOf = (is: (event: string) => boolean) => old.find(({ event }) => is(event))
  const removed =
    oldestOf((event) => passingEvents.includes(event)) ??
    oldestOf((event) => commentEvents.includes(event)) ??
    (all.length > longestHistory ? oldestOf((event) => !lastingEvents.includes(event)) : undefined)
  return all.filter((other) => other !== removed)
}

/** The history after an erasure: of each entry `at`, `event`, `writeId` and `by`, without these names. */
export function erasedHistory(history: readonly StoredEntry[], names: readonly string[]): StoredEntry[] {
  return history.map(({ at, event, writeId, by }) => ({ at, event, writeId, ...othersOf(by, names) }))
}

/** The member `by` without these names; absent if nobody is left. */
export function othersOf(by: By | undefined, names: readonly string[]): { by?: By } {
  if (by === undefined) return {}
  if (typeof by === 'string') return names.includes(by) ? {} : { by }
  const others = by.filter((name) => !names.includes(name))
  return others.length > 0 ? { by: others } : {}
}
