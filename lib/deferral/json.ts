import { isDeepStrictEqual } from 'node:util'

/** A plain object, no array and no instance of something with a name of its own. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]'
}

/** Whether JSON can carry this as it is: what it would drop or change silently is refused; a cycle ends in a `RangeError`. */
export function isJson(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isJson)
  if (isObject(value) && Object.hasOwn(value, '__proto__')) return false
  if (isObject(value)) return Object.values(value).every((member) => member === undefined || isJson(member))
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
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
