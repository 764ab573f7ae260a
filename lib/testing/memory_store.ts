import { refuseUnknown } from '../deferral/shape.js'
import type { DeferralStore } from '../deferral/store.js'
import { memoryStore as plainStore } from '../store/memory.js'
import { type TestClock, testClock } from './clock.js'
import { namesOf } from './names_of.js'

/** The memory store, and the clock by which it reads, writes and expires. */
export type MovableStore = DeferralStore & {
  /** what the option `now` should have, too: `now: store.clock.now` */
  clock: TestClock
}

/**
 * `memoryStore()` of the package with a clock that can be moved. It keeps everything in memory, and causes no warning.
 *
 * ```ts
 * const store = memoryStore()
 * const provider = new Provider(issuer, { features: { deferredTokenResponse: { store, now: store.clock.now } } })
 * store.clock.advance(60)
 * ```
 */
export function memoryStore(options: { clock?: TestClock } = {}): MovableStore {
  refuseUnknown(options, namesOf<typeof options>({ clock: true }), 'memoryStore:')
  const { clock = testClock() } = options
  const store = plainStore()
  return {
    clock,
    insert: (record, writeId, entry, now = clock.now()) => store.insert(record, writeId, entry, now),
    find: (id, now = clock.now(), inDoubt) => store.find(id, now, inDoubt),
    swap: (before, change, writeId, now = clock.now()) => store.swap(before, change, writeId, now),
    history: (id) => store.history(id),
    list: (query, now = clock.now()) => store.list(query, now),
    count: (query, now = clock.now()) => store.count(query, now),
    stats: (query, now = clock.now()) => store.stats(query, now),
    due: (query, now = clock.now()) => store.due(query, now),
    ...(store.watch && { watch: store.watch }),
  }
}
