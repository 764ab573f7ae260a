import type { DeferralRecord } from './deferral.js'
import { newId } from './handle.js'
import type { DeferralStore, HistoryEntry, Stored } from './store.js'
import type { Transition } from './transition.js'

const attempts = 20
const longestPause = 500
// a call of the store that hangs for longer holds up no other request of this node
const longestTurn = 10_000

/** The options of `transit`. */
export interface Given {
  /** the record as the caller has read it: saves a read */
  known?: Stored | undefined
  /** a test's clock */
  now?: Date | undefined
}

/** What was written: the record, and the history entry that came with it. */
export interface Written {
  record: Stored
  entry: HistoryEntry | undefined
}

/** A write whose reply was lost. */
interface Doubt extends Written {
  writeId: string
  revision: number
}

const queues = new WeakMap<DeferralStore, Map<string, Promise<unknown>>>()

/**
 * Applies a transition: read, apply, swap; a missed swap starts over. `undefined`: the guard failed on a record that was read
 * here, not only on `known`. A rejection means "not known", or that other nodes wrote too often.
 *
 * Transitions of one deferral run one after the other on a node, so that only nodes compete, not requests. A turn lasts ten
 * seconds at most.
 */
export function transit(
  store: DeferralStore,
  id: string,
  transition: Transition,
  given: Given = {},
): Promise<Written | undefined> {
  const queue = queues.get(store) ?? new Map<string, Promise<unknown>>()
  queues.set(store, queue)
  const turn = queue.get(id)
  const work = turn
    ? turn.then(() => contend(store, id, transition, { ...given, known: undefined }))
    : contend(store, id, transition, given)
  // leaves the queue before the caller goes on: the caller's next transition need not queue, and may use the record written here
  const run = work.finally(() => queue.get(id) === done && queue.delete(id))
  const done = Promise.resolve(turn).then(() => over(run))
  queue.set(id, done)
  return run
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
    const there = await stamped(() => store.find(record.id, now, true))
    if (!there) throw error
    const isOurs = there.writeId === writeId || (await isInHistory(store, record.id, writeId))
    return isOurs ? there : undefined
  }
}

/**
 * Notes when this node asked for a record. From then on the record ages by this node's stopwatch, which is never behind the store's
 * clock: a lease or a pause that is counted from it is not too short.
 */
export function stamp(record: Stored, askedAt: number): void {
  askedFor.set(record, askedAt)
}

async function stamped<T extends Stored | undefined>(ask: () => Promise<T>): Promise<T> {
  const askedAt = performance.now()
  const record = await ask()
  if (record) stamp(record, askedAt)
  return record
}

const askedFor = new WeakMap<Stored, number>()

/** Resolves when a turn is over: it has come to its end, or taken too long. The swap decides then, as between nodes. */
function over(run: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, longestTurn).unref()
    const end = () => {
      clearTimeout(timer)
      resolve()
    }
    run.then(end, end)
  })
}

async function contend(
  store: DeferralStore,
  id: string,
  transition: Transition,
  { known, now }: Given,
): Promise<Written | undefined> {
  const doubts: Doubt[] = []
  for (let attempt = 0; attempt < attempts; attempt++) {
    const guess = attempt === 0 ? known : undefined
    const before = guess ?? (await stamped(() => store.find(id, now, doubts.length > 0)))
    const recovered = before && (await recover(store, before, doubts))
    if (recovered) return recovered
    const change = before && transition(before, now ?? instantOf(before))
    // a guard that fails on a known record proves nothing: the record may have changed
    if (!change && guess) continue
    if (!before || !change) return undefined
    const writeId = newId()
    const begun = performance.now()
    try {
      const swapped = await store.swap(before, change, writeId, now)
      if (swapped) return { record: aged(swapped, before, begun), entry: change.entry }
    } catch (error) {
      if (doubts.length > 0) throw error
      const record = { ...change.after, revision: before.revision + 1, writeId }
      doubts.push({ writeId, revision: before.revision, record: aged(record, before, begun), entry: change.entry })
      continue
    }
    await pause(attempt, performance.now() - begun)
  }
  throw Object.assign(new Error('too many writes to one deferral at once'), { isTransient: true })
}

// either the last write is ours, or others have written since and ours is in the history, or ours was not made
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
function aged(after: Stored, before: Stored, begun: number): Stored {
  const askedAt = after.readAt > before.readAt ? begun : askedFor.get(before)
  if (askedAt !== undefined) stamp(after, askedAt)
  return after
}

function instantOf(record: Stored): Date {
  const askedAt = askedFor.get(record) ?? performance.now()
  return new Date(record.readAt.getTime() + Math.floor(performance.now() - askedAt))
}

// in proportion to the write: a pause much shorter than the write would not spread the nodes
function pause(attempt: number, took: number): Promise<void> {
  const longest = Math.min(took * 2 ** attempt, longestPause)
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest))
}
