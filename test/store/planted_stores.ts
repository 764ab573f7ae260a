import { type Change, type DeferralStore, memoryStore, type Stored } from 'oidc-provider-deferred'
import { newId } from '../../lib/deferral/handle.js'
import { plantedHistories } from './planted_histories.js'
import { plantedListings } from './planted_listings.js'

/** What a fault replaces of a store. */
export type Planted = (inner: DeferralStore) => Partial<DeferralStore>

/** What a database call costs: others get their turn. */
const distance = () => new Promise((resolve) => setImmediate(resolve))

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** Stores with one fault each, and the tests of the contract that each has to fail. */
export const plantedStores: Record<string, { planted: Planted; fails: string[] }> = {
  'without the revision in its filter': {
    planted: (inner) => ({ swap: overwriting(inner) }),
    fails: ['swap of a revision that is not', 'of 64 swaps', 'of 64 redemptions', 'of 64 leases'],
  },
  'that compares the revision and then writes': {
    planted: (inner) => ({
      async swap(before, change, writeId, now) {
        const current = await inner.find(before.id, now)
        if (current?.revision !== before.revision) return undefined
        await distance()
        return overwriting(inner)(before, change, writeId, now)
      },
    }),
    fails: ['of 64 swaps', 'of 64 redemptions'],
  },
  'without the guard of an expired deferral': {
    planted: (inner) => ({
      swap: (before, change, writeId, now) => inner.swap(before, { ...change, unexpired: false }, writeId, now),
    }),
    fails: ['an unexpired change', 'without a test clock the clock of the store decides whether'],
  },
  'that takes the instant of the reading for that of the write': {
    planted: (inner) => ({ swap: (before, change, writeId) => inner.swap(before, change, writeId, before.readAt) }),
    fails: ['an unexpired change', 'without a test clock the clock of the store decides whether'],
  },
  'that takes a batch of which a part was made for one that was made': {
    planted: (inner) => ({
      async swapAll(swaps) {
        const all = swaps.map((swap) => inner.swap(swap.before, swap.change, swap.writeId, swap.now))
        const isAny = (await Promise.all(all)).some(Boolean)
        return swaps.map(({ before, change, writeId }) =>
          isAny ? { ...change.after, revision: before.revision + 1, writeId } : undefined,
        )
      },
    }),
    fails: ['swapAll resolves', 'of swaps of one revision in the batches'],
  },
  'whose batch ends at the first swap that fails': {
    planted: (inner) => ({
      async swapAll(swaps) {
        const results: (Stored | undefined)[] = []
        for (const { before, change, writeId, now } of swaps) {
          const isOver = results.includes(undefined)
          results.push(isOver ? undefined : await inner.swap(before, change, writeId, now))
        }
        return results
      },
    }),
    fails: ['swapAll resolves'],
  },
  'whose insert overwrites': {
    planted: (inner) => {
      const there = new Map<string, DeferralStore>()
      const of = (id: string) => there.get(id) ?? inner
      return {
        insert(record, writeId, entry, now) {
          there.set(record.id, memoryStore())
          return of(record.id).insert(record, writeId, entry, now)
        },
        find: (id, now) => of(id).find(id, now),
        swap: (before, ...rest) => of(before.id).swap(before, ...rest),
        history: (id) => of(id).history(id),
      }
    },
    fails: ['insert of an id that exists', 'of 64 inserts'],
  },
  'that looks for the id and then inserts': {
    planted: (inner) => ({
      async insert(record, writeId, entry, now) {
        if (await inner.find(record.id)) return undefined
        await distance()
        const stored = await inner.insert(record, writeId, entry, now)
        return stored ?? ({ ...record, writeId, revision: 0 } as Stored)
      },
    }),
    fails: ['of 64 inserts'],
  },
  'that rejects when the id exists': {
    planted: (inner) => ({
      async insert(...args) {
        const stored = await inner.insert(...args)
        if (!stored) throw new Error('duplicate key')
        return stored
      },
    }),
    fails: ['insert of an id that exists', 'of 64 inserts'],
  },
  'that writes the history apart': {
    planted: (inner) => {
      const entries = new Map<string, Awaited<ReturnType<DeferralStore['history']>>>()
      return {
        async swap(before, { entry, ...change }, writeId, now) {
          const swapped = await inner.swap(before, change, writeId, now)
          await distance()
          if (swapped && entry) entries.set(before.id, [...(entries.get(before.id) ?? []), { ...entry, writeId }])
          return swapped
        },
        history: async (id) => structuredClone([...(await inner.history(id)), ...(entries.get(id) ?? [])]),
      }
    },
    fails: ['a reader that sees a write'],
  },
  'that forgets which write an entry is of': {
    planted: (inner) => ({
      history: async (id) => (await inner.history(id)).map((entry) => ({ ...entry, writeId: newId() })),
    }),
    fails: ['insert stores a record', 'the history is in order'],
  },
  'whose history comes newest first': {
    planted: (inner) => ({ history: async (id) => (await inner.history(id)).reverse() }),
    fails: ['the history is in order'],
  },
  'that removes nothing': {
    planted: (inner) => ({ swap: changing(inner, (before, after) => ({ ...before, ...after })) }),
    fails: ['swap removes members'],
  },
  'that keeps only the members it knows': {
    planted: (inner) => ({ swap: changing(inner, (_before, { dueOfLater, listOfLater, ...known }) => known) }),
    fails: ['swap keeps members'],
  },
  'that keeps dates as text': {
    planted: (inner) => ({
      async find(id, now) {
        const found = await inner.find(id, now)
        return found && { ...found, ...(found.answer && { answer: json(found.answer) }) }
      },
    }),
    fails: ['dates come back'],
  },
  'that keeps the times of the caller': {
    planted: (inner) => ({
      insert: (record, writeId, entry, now) => inner.insert(record, writeId, entry, now && record.createdAt),
    }),
    fails: ['insert moves every time'],
  },
  'that goes by the clock of the caller': {
    planted: (inner) => ({
      insert: (record, writeId, entry, now) => inner.insert(record, writeId, entry, now ?? record.createdAt),
    }),
    fails: ['without a test clock the clock of the store decides, not'],
  },
  'that hands out what it keeps': {
    planted: (inner) => {
      const kept = new Map<string, Stored>()
      return {
        async find(id, now = new Date()) {
          const found = await inner.find(id, now)
          const mine = kept.get(id)
          if (mine && mine.revision === found?.revision) return Object.assign(mine, { readAt: now })
          if (found) kept.set(id, found)
          return found
        },
      }
    },
    fails: ['records are copied'],
  },
  ...plantedListings,
  ...plantedHistories,
}

/** The planted store over this one. */
export function plant(planted: Planted, inner: DeferralStore = memoryStore()): DeferralStore {
  return { ...inner, ...planted(inner) }
}

// whatever the stored revision is
function overwriting(inner: DeferralStore): DeferralStore['swap'] {
  return async (before, change, writeId, now = new Date()) => {
    let current = await inner.find(before.id, now)
    while (current && !(change.unexpired && current.expiresAt <= now)) {
      const swapped = await inner.swap({ ...before, revision: current.revision }, change, writeId, now)
      if (swapped) return swapped
      current = await inner.find(before.id, now)
    }
    return undefined
  }
}

function changing(inner: DeferralStore, afterOf: (before: object, after: Record<string, unknown>) => object) {
  const swap: DeferralStore['swap'] = (before, change, writeId, now) => {
    const after = afterOf(before, change.after as object as Record<string, unknown>) as Change['after']
    return inner.swap(before, { ...change, after }, writeId, now)
  }
  return swap
}
