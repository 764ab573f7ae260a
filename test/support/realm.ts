/*
 * Jest runs test files in a realm of their own, but Node's structuredClone builds its copies in the outer one, where a plain
 * object is not a plain object to the code under test. Outside Jest there is one realm; this restores that.
 */
function clone<T>(value: T): T {
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new DOMException('could not be cloned', 'DataCloneError')
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(clone) as T
  if (value instanceof Date) return new Date(value) as T
  if (value instanceof Map) return new Map([...value].map(clone)) as T
  if (value instanceof Set) return new Set([...value].map(clone)) as T
  if (ArrayBuffer.isView(value)) return (value as unknown as Uint8Array).slice() as T
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, clone(member)])) as T
}

globalThis.structuredClone = clone as typeof structuredClone
