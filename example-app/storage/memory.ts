import type { Collection, Entry } from './collection.js'

function matches<T extends Entry>(entry: T, fields: Partial<T>): boolean {
  return Object.entries(fields).every(([name, value]) => Reflect.get(entry, name) === value)
}

/** Keeps entries until the process ends. */
export function memoryCollection<T extends Entry>(): Collection<T> {
  const entries = new Map<string, T>()
  return {
    async insert(entry) {
      if (entries.has(entry._id)) return false
      entries.set(entry._id, structuredClone(entry))
      return true
    },
    async get(id) {
      return structuredClone(entries.get(id))
    },
    async find(fields) {
      return structuredClone([...entries.values()].filter((entry) => matches(entry, fields)))
    },
    async update(id, expected, changes) {
      const entry = entries.get(id)
      if (!entry || !matches(entry, expected)) return undefined
      const changed = { ...entry, ...structuredClone(changes) }
      entries.set(id, changed)
      return structuredClone(changed)
    },
  }
}
