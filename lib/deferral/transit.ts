import type { HistoryEntry } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import { newId } from './handle.js'
import { createLines, type Lines } from './line.js'
import type { DeferralStore, Stored } from './store.js'
import type { Transition } from './transition.js'

const attempts = 20
const longestPause = 500

/** The options of `transit`. */
export interface TransitOptions {
  /** the record, read by the caller a moment ago: saves a read */
  snapshot?: Stored | undefined
  /** the time of a test clock */
  now?: Date | undefined
  /** no other transition waits for this one, which competes with them as that of another node does */
  isAside?: boolean
  /** used for the first attempt in place of the store's `swap`; later attempts use that of the store */
  swap?: DeferralStore['swap'] | undefined
}

/** A write: the record, and its history entry. */
export interface Written {
  record: Stored
  entry: HistoryEntry | undefined
}

/** A write with a lost reply: it may have been made or not. */
interface Doubt extends Written {
  writeId: string
  revision: number
}

const linesOf = new WeakMap<DeferralStore, Lines>()

/**
 * Applies a transition: read, apply, swap. A missed swap starts over. Resolves to `undefined` if the guard failed on a record
 * that was read here; if it fails on `snapshot`, the record is read again. Rejects if it is unknown whether the write was made, or
 * if other nodes were faster every time.
 *
 * On one node the transitions of a deferral run one after the other, so that nodes compete and requests do not. The next one does
 * not wait longer than ten seconds.
 */
export function transit(
  store: DeferralStore,
  id: string,
  transition: Transition,
  options: TransitOptions = {},
): Promise<Written | undefined> {
  const lines = linesOf.get(store) ?? createLines()
  linesOf.set(store, lines)
  // the previous transition may change the record: a snapshot from before is of no use
  return lines.run(options.isAside ? [] : [id], (hasWaited) =>
    contend(store, id, transition, hasWaited ? { ...options, snapshot: undefined } : options),
  )
}

/** Stores a new record. `undefined`: the id exists. A lost reply is resolved as in `transit`. */
export async function begin(
  store: DeferralStore,
  record: DeferralRecord,
  entry: HistoryEntry,
  now?: Date,
): Promise<Stored | undefined> {
  const writeId = newId()
  try {
    return await stamped(() => store.insert(record, writeId, entry, now))
  } catch (error) {
    const existing = await stamped(() => store.find(record.id, now, true))
    if (!existing) throw error
    const isOurs = existing.writeId === writeId || (await isInHistory(store, record.id, writeId))
    return isOurs ? existing : undefined
  }
}

/**
 * Notes when this node asked the store for a record. From that moment the current time is `readAt` plus the elapsed time of this
 * node. The store read its clock later, so this time is never behind the store's clock, and no lease gets too short.
 */
export function stamp(record: Stored, askedAt: number): void {
  askTimes.set(record, askedAt)
}

async function stamped<T extends Stored | undefined>(ask: () => Promise<T>): Promise<T> {
  const askedAt = performance.now()
  const record = await ask()
  if (record) stamp(record, askedAt)
  return record
}

const askTimes = new WeakMap<Stored, number>()

async function contend(
  store: DeferralStore,
  id: string,
  transition: Transition,
  { snapshot, now, swap }: TransitOptions,
): Promise<Written | undefined> {
  const doubts: Doubt[] = []
  for (let attempt = 0; attempt < attempts; attempt++) {
    const cached = attempt === 0 ? snapshot : undefined
    const before = cached ?? (await stamped(() => store.find(id, now, doubts.length > 0)))
    const recovered = before && (await recover(store, before, doubts))
    if (recovered) return recovered
    const change = before && transition(before, now ?? instantOf(before))
    // a guard that fails on a snapshot proves nothing: the record may have changed since
    if (!change && cached) continue
    if (!before || !change) return undefined
    const writeId = newId()
    const startedAt = performance.now()
    try {
      const swapped = await (attempt === 0 && swap ? swap : store.swap)(before, change, writeId, now)
      if (swapped) return { record: stampSwapped(swapped, before, startedAt), entry: change.entry }
    } catch (error) {
      if (doubts.length > 0) throw error
      const record = { ...change.after, revision: before.revision + 1, writeId }
      stampSwapped(record, before, startedAt)
      doubts.push({ writeId, revision: before.revision, record, entry: change.entry })
      continue
    }
    await pause(attempt, performance.now() - startedAt)
  }
  throw Object.assign(new Error('too many writes to one deferral at once'), { isTransient: true })
}

// either our write is the last one, or others have written after it and the history has it, or it was not made
async function recover(store: DeferralStore, current: Stored, doubts: Doubt[]): Promise<Written | undefined> {
  for (const { writeId, revision, record, entry } of doubts) {
    if (current.revision <= revision) continue
    if (current.writeId === writeId) return { record: current, entry }
    if (await isInHistory(store, current.id, writeId)) return { record, entry }
  }
  return undefined
}

async function isInHistory(store: DeferralStore, id: string, writeId: string): Promise<boolean> {
  return (await store.history(id)).some((entry) => entry.writeId === writeId)
}

// a store that does not read its clock during a swap returns the old `readAt`
function stampSwapped(after: Stored, before: Stored, startedAt: number): Stored {
  const askedAt = after.readAt > before.readAt ? startedAt : askTimes.get(before)
  if (askedAt !== undefined) stamp(after, askedAt)
  return after
}

function instantOf(record: Stored): Date {
  const askedAt = askTimes.get(record) ?? performance.now()
  return new Date(record.readAt.getTime() + Math.floor(performance.now() - askedAt))
}

// in proportion to the write: after a much shorter pause the nodes would meet again
function pause(attempt: number, duration: number): Promise<void> {
  const longest = Math.min(duration * 2 ** attempt, longestPause)
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest))
}
