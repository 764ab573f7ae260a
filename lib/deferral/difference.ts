/** The members of the store itself: a transition neither reads nor changes them. */
export const bookkeeping: ReadonlySet<string> = new Set([
  'id',
  '_id',
  'readAt',
  'revision',
  'writeId',
  'schemaVersion',
  'purgeAt',
])

/** The writes of a swap: `set` has the changed members with their new values, `unset` the names of the removed ones. */
export function difference(before: object, after: object): { set: Record<string, unknown>; unset: string[] } {
  const [old, next] = [before, after] as [Record<string, unknown>, Record<string, unknown>]
  const set: Record<string, unknown> = {}
  for (const name of Object.keys(next)) {
    if (next[name] !== undefined && !isSame(old[name], next[name]) && !bookkeeping.has(name)) set[name] = next[name]
  }
  const isRemoved = (name: string) => old[name] !== undefined && next[name] === undefined && !bookkeeping.has(name)
  return { set, unset: Object.keys(old).filter(isRemoved) }
}

// an unchanged member is the same value, but transitions compute some dates again
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (a instanceof Date && b instanceof Date && a.getTime() === b.getTime())
}
