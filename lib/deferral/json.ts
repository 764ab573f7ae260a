import { isDeepStrictEqual } from 'node:util'

/** A plain object, no array and no instance of something with a name of its own. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]'
}

/** What is in `entries` beyond `allowed`; as often as it is there, for two equal entries ask for twice as much. */
export function beyond<T>(entries: readonly T[], allowed: readonly T[]): T[] {
  const left = [...allowed]
  return entries.filter((entry) => {
    const at = left.findIndex((candidate) => isDeepStrictEqual(candidate, entry))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}
