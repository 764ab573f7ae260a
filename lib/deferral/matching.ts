import type { JsonObject } from './deferral.js'
import { canonical, ownMember } from './json.js'

/** The most entries of a type that has a rule: the rule may have to compare each with each. */
export const mostRuled = 256

type Rules = Record<string, (requested: JsonObject, granted: JsonObject) => boolean>

interface Entry {
  value: JsonObject
  key: string
  at: number
}

type Fits = (requested: Entry, granted: Entry) => boolean

/**
 * For each granted entry, whether it gets a requested entry of its own that is equal or, by the rule of its type, wider. Earlier
 * granted entries come first. Equal entries are found by their text, in linear time. `RangeError` where a rule would have to
 * compare more than 256 entries.
 */
export function matches(granted: JsonObject[], requested: JsonObject[], rules: Rules): boolean[] {
  const found: boolean[] = []
  const places = groupBy(requested.map(toEntry), typeOf)
  for (const [type, entries] of groupBy(granted.map(toEntry), typeOf)) {
    const ofType = places.get(type) ?? []
    const place = placer(ofType, fitsOf(type, [entries, ofType], rules))
    for (const entry of entries) found[entry.at] = place(entry)
  }
  return found
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

/** Assigns each entry a place of its own, one entry after the other. Without `fits` an entry fits only an equal place. */
function placer(places: Entry[], fits: Fits | undefined): (entry: Entry) => boolean {
  const takenBy = new Map<Entry, Entry>()
  const tried = new Set<Entry>()
  const equal = groupBy(places, ({ key }) => key)

  function takeEqual(entry: Entry): boolean {
    const candidates = equal.get(entry.key)
    let place = candidates?.pop()
    while (place && takenBy.has(place)) place = candidates?.pop()
    if (place) takenBy.set(place, entry)
    return place !== undefined
  }

  // Kuhn's matching: the entry that has a place moves on if it finds another one
  function makeRoom(entry: Entry, isFitting: Fits): boolean {
    const free = places.find((place) => !takenBy.has(place) && isFitting(place, entry))
    const place =
      free ?? places.find((taken) => !tried.has(taken) && isFitting(taken, entry) && isVacated(taken, isFitting))
    if (place) takenBy.set(place, entry)
    return place !== undefined
  }

  function isVacated(taken: Entry, isFitting: Fits): boolean {
    tried.add(taken)
    return makeRoom(takenBy.get(taken) as Entry, isFitting)
  }

  return (entry) => {
    const isPlaced = takeEqual(entry) || (fits !== undefined && makeRoom(entry, fits))
    // a place that could not be vacated for one entry cannot be for the next one, until an assignment changes
    if (isPlaced) tried.clear()
    return isPlaced
  }
}

/** The rule of this type, if there is one, made to compare two entries at most once. */
function fitsOf(type: string | undefined, sides: [Entry[], Entry[]], rules: Rules): Fits | undefined {
  const rule = type === undefined ? undefined : ownMember(rules, type)
  if (!rule) return undefined
  const answers = new Map<Entry, Map<Entry, boolean>>()
  return (requested, granted) => {
    if (requested.key === granted.key) return true
    if (sides.some(({ length }) => length > mostRuled)) {
      throw new RangeError(`at most ${mostRuled} entries of type ${type} can be narrowed, grant them as requested`)
    }
    const known = answers.get(granted) ?? new Map<Entry, boolean>()
    const answer: unknown =
      known.get(requested) ?? rule(structuredClone(requested.value), structuredClone(granted.value))
    if (typeof answer !== 'boolean') {
      throw new TypeError(`features.deferredTokenResponse.narrow.${type} must return true or false`)
    }
    answers.set(granted, known.set(requested, answer))
    return answer
  }
}
