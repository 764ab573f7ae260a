import type { JsonObject } from './deferral.js'
import { canonical, ownMember } from './json.js'

/** The greatest number of entries of a type with a rule: the rule may have to compare every pair. */
export const mostRuled = 256

type Rules = Record<string, (requested: JsonObject, granted: JsonObject) => boolean>

interface Entry {
  value: JsonObject
  key: string
  at: number
}

type Fits = (requested: Entry, granted: Entry) => boolean

/**
 * Assigns each granted entry a requested entry of its own: an equal one, or one that is wider by the rule of the type. Returns for
 * each granted entry whether it got one; earlier entries have priority. Equal entries are found by their text, in linear time. A
 * rule compares at most 256 entries; more are a `RangeError`.
 */
export function assign(granted: JsonObject[], requested: JsonObject[], rules: Rules): boolean[] {
  const pairs = pairUp(granted, requested, rules)
  return granted.map((_entry, at) => pairs.has(at))
}

/** The same, but returns which entry each one got: the place in `granted`, and the place in `requested`. */
export function pairUp(granted: JsonObject[], requested: JsonObject[], rules: Rules): Map<number, number> {
  const occupants = new Map<Entry, Entry>()
  const placesByType = groupBy(requested.map(toEntry), typeOf)
  for (const [type, entries] of groupBy(granted.map(toEntry), typeOf)) {
    const places = placesByType.get(type) ?? []
    const place = placer(places, fitsOf(type, [entries, places], rules), occupants)
    for (const entry of entries) place(entry)
  }
  return new Map([...occupants].map(([place, entry]) => [entry.at, place.at]))
}

function toEntry(value: JsonObject, at: number): Entry {
  return { value, key: canonical(value), at }
}

function typeOf({ value: { type } }: Entry): string | undefined {
  return typeof type === 'string' ? type : undefined
}

function groupBy<K>(entries: Entry[], keyOf: (entry: Entry) => K): Map<K, Entry[]> {
  const groups = new Map<K, Entry[]>()
  for (const entry of entries) {
    const group = groups.get(keyOf(entry))
    if (group) group.push(entry)
    else groups.set(keyOf(entry), [entry])
  }
  return groups
}

/**
 * Assigns each entry a place of its own, one entry after the other. Without `fits` an entry fits only an equal place. `occupants`
 * gets the entry in each occupied place.
 */
function placer(places: Entry[], fits: Fits | undefined, occupants: Map<Entry, Entry>): (entry: Entry) => void {
  const visited = new Set<Entry>()
  const equal = groupBy(places, ({ key }) => key)

  function takeEqual(entry: Entry): boolean {
    const candidates = equal.get(entry.key)
    let place = candidates?.pop()
    while (place && occupants.has(place)) place = candidates?.pop()
    if (place) occupants.set(place, entry)
    return place !== undefined
  }

  // Kuhn's algorithm: the entry in an occupied place moves to another place, if there is one for it
  function makeRoom(entry: Entry, isFitting: Fits): boolean {
    const free = places.find((place) => !occupants.has(place) && isFitting(place, entry))
    const place =
      free ?? places.find((other) => !visited.has(other) && isFitting(other, entry) && isVacated(other, isFitting))
    if (place) occupants.set(place, entry)
    return place !== undefined
  }

  function isVacated(place: Entry, isFitting: Fits): boolean {
    visited.add(place)
    return makeRoom(occupants.get(place) as Entry, isFitting)
  }

  return (entry) => {
    const isPlaced = takeEqual(entry) || (fits !== undefined && makeRoom(entry, fits))
    // a place that cannot be vacated stays so until an assignment changes
    if (isPlaced) visited.clear()
  }
}

/** Compares by the rule of this type, if there is one; each pair at most once. */
function fitsOf(type: string | undefined, sides: [Entry[], Entry[]], rules: Rules): Fits | undefined {
  const rule = type === undefined ? undefined : ownMember(rules, type)
  if (!rule) return undefined
  const results = new Map<Entry, Map<Entry, boolean>>()
  return (requested, granted) => {
    if (requested.key === granted.key) return true
    if (sides.some(({ length }) => length > mostRuled)) {
      throw new RangeError(`at most ${mostRuled} entries of type ${type} can be narrowed, grant them as requested`)
    }
    const row = results.get(granted) ?? new Map<Entry, boolean>()
    const isWider: unknown =
      row.get(requested) ?? rule(structuredClone(requested.value), structuredClone(granted.value))
    if (typeof isWider !== 'boolean') {
      // an async rule may reject as well; unhandled, that would end the process
      Promise.resolve(isWider).catch(() => undefined)
      throw new TypeError(`features.deferredTokenResponse.narrow.${type} must return true or false`)
    }
    results.set(granted, row.set(requested, isWider))
    return isWider
  }
}
