import type { DeferralStore, StoredEntry } from 'oidc-provider-deferred'
import type { Planted } from './planted_stores.js'

/** Stores with a fault in the history, and the tests of the contract that each has to fail. */
export const plantedHistories: Record<string, { planted: Planted; fails: string[] }> = {
  'that keeps the newest 150 entries, whatever they are': {
    planted: reading((entries) => entries.slice(-150)),
    fails: ['a long history keeps'],
  },
  'that keeps the decisions of a long history and not its newest entries': {
    planted: reading((entries) => (entries.length > 199 ? entries.filter(isLasting) : entries)),
    fails: ['a long history keeps', 'a history of 200 entries is whole'],
  },
  'that keeps 100 entries': {
    planted: reading((entries) => entries.filter((entry, nth) => isLasting(entry) || nth >= entries.length - 100)),
    fails: ['a history of 200 entries is whole'],
  },
  'that erases nothing from the history': {
    planted: (inner) => ({
      swap: (before, { erasedNames, ...change }, ...rest) => inner.swap(before, change, ...rest),
    }),
    fails: ['a swap with erasedNames keeps', 'a swap with erasedNames and without an entry'],
  },
  'that erases the names and not the facts': {
    planted: erasing((entry, erased) => ({ ...entry, ...erased, ...(!('by' in erased) && { by: undefined }) })),
    fails: ['a swap with erasedNames keeps', 'a swap with erasedNames and without an entry'],
  },
  'that erases the facts and not the names': {
    planted: erasing(({ by }, erased) => ({ ...erased, ...(by !== undefined && { by }) })),
    fails: ['a swap with erasedNames keeps', 'a swap with erasedNames and without an entry'],
  },
  'that erases every name': {
    planted: erasing((_entry, { by, ...erased }) => erased),
    fails: ['a swap with erasedNames keeps'],
  },
  'that leaves an empty array of names': {
    planted: erasing(({ by }, erased) => ({ ...erased, ...(Array.isArray(by) && !('by' in erased) && { by: [] }) })),
    fails: ['a swap with erasedNames keeps'],
  },
  'that erases its new entry, too': {
    planted: (inner) => ({
      swap: (before, { entry, ...change }, ...rest) => {
        const stripped = entry && { at: entry.at, event: entry.event }
        return inner.swap(
          before,
          { ...change, ...(entry && { entry: change.erasedNames ? (stripped ?? entry) : entry }) },
          ...rest,
        )
      },
    }),
    fails: ['a swap with erasedNames keeps'],
  },
  'that erases only together with an entry': {
    planted: (inner) => ({
      swap: (before, { erasedNames, ...change }, ...rest) =>
        inner.swap(before, { ...change, ...(change.entry && erasedNames && { erasedNames }) }, ...rest),
    }),
    fails: ['a swap with erasedNames and without an entry'],
  },
}

const lasting = ['created', 'approved', 'denied', 'cancelled', 'redeemed']
const isLasting = ({ event }: StoredEntry) => lasting.includes(event)

function reading(planted: (entries: StoredEntry[]) => StoredEntry[]): Planted {
  return (inner) => ({ history: async (id) => planted(await inner.history(id)) })
}

/** Remembers the entries before an erasure, and shows of each what the fault leaves. */
function erasing(planted: (entry: StoredEntry, erased: StoredEntry) => object): Planted {
  return (inner) => {
    const whole = new Map<string, StoredEntry>()
    const swap: DeferralStore['swap'] = async (before, change, ...rest) => {
      if (change.erasedNames) for (const entry of await inner.history(before.id)) whole.set(entry.writeId, entry)
      return inner.swap(before, change, ...rest)
    }
    const shown = (entry: StoredEntry) => {
      const before = whole.get(entry.writeId)
      return (before ? planted(before, entry) : entry) as StoredEntry
    }
    return { swap, history: async (id) => (await inner.history(id)).map(shown) }
  }
}
