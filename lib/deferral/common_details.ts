/*
 * The authorization details that two votes allow together, entry by entry.
 */
import type { JsonObject } from './deferral.js'
import { pairUp } from './matching.js'
import { beyondDetails, type Narrowing } from './narrow.js'

interface Entry {
  value: JsonObject
  /** the requested entry that it equals or narrows */
  place: number | undefined
}

type Pair = [one: Entry, other: Entry]

/**
 * The entries that both votes allow: equal ones, and of two where one is narrower than the other the narrower one. An entry without
 * a counterpart is left out. Throws a `RangeError` if both narrow a requested entry in ways that cannot be compared.
 */
export function commonDetails(
  one: JsonObject[],
  other: JsonObject[],
  requested: JsonObject[],
  narrowing: Narrowing,
): JsonObject[] {
  const toEntries = (details: JsonObject[]) => {
    const places = pairUp(details, requested, narrowing)
    return details.map((value, at): Entry => ({ value, place: places.get(at) }))
  }
  const [a, b] = [toEntries(one), toEntries(other)]
  const pairs = counterparts(a, b, narrowing)
  assertApart([without(a, pairs.keys()), without(b, pairs.values())], requested, narrowing)
  return a
    .flatMap((entry) => pairOf(entry, pairs.get(entry)))
    .map(([{ value }, counterpart]) => (isWithin(counterpart.value, value, narrowing) ? counterpart.value : value))
}

/** Throws the `RangeError` for entries that cannot be compared. */
export function refuseDetails(type: unknown): never {
  throw new RangeError(
    `the votes grant entries of type ${type} that cannot be compared, grant equal entries or withdraw one with unvote`,
  )
}

// first equal entries, then those that narrow the same requested entry, then all others that can be compared
function counterparts(a: Entry[], b: Entry[], narrowing: Narrowing): Map<Entry, Entry> {
  const isComparable = (one: JsonObject, other: JsonObject) =>
    isWithin(one, other, narrowing) || isWithin(other, one, narrowing)
  const comparing = Object.fromEntries(Object.keys(narrowing).map((type) => [type, isComparable]))
  const pairs = new Map<Entry, Entry>()
  for (const find of [byRules({}), byPlace(isComparable), byRules(comparing)]) {
    for (const [one, other] of find(without(a, pairs.keys()), without(b, pairs.values()))) pairs.set(one, other)
  }
  return pairs
}

function without(entries: Entry[], paired: Iterable<Entry>): Entry[] {
  const isPaired = new Set(paired)
  return entries.filter((entry) => !isPaired.has(entry))
}

function byRules(rules: Narrowing) {
  const valuesOf = (entries: Entry[]) => entries.map(({ value }) => value)
  return (a: Entry[], b: Entry[]): Pair[] =>
    [...pairUp(valuesOf(a), valuesOf(b), rules)].flatMap(([at, place]) => pairOf(a[at], b[place]))
}

function byPlace(isComparable: (one: JsonObject, other: JsonObject) => boolean) {
  return (a: Entry[], b: Entry[]): Pair[] => {
    const byPlaces = new Map(b.map((entry) => [entry.place, entry]))
    return a
      .flatMap((entry) => pairOf(entry, byPlaces.get(entry.place)))
      .filter(([one, other]) => isComparable(one.value, other.value))
  }
}

const pairOf = (one: Entry | undefined, other: Entry | undefined): Pair[] => (one && other ? [[one, other]] : [])

const isWithin = (entry: JsonObject, wider: JsonObject, narrowing: Narrowing) =>
  entry.type === wider.type && beyondDetails([entry], [wider], narrowing).length === 0

// two votes that narrow one requested entry in different ways: neither of them has left it out
function assertApart(unpaired: Entry[][], requested: JsonObject[], narrowing: Narrowing): void {
  const sides = unpaired.map((entries) => entries.filter(({ value }) => Object.hasOwn(narrowing, String(value.type))))
  const isNarrowedByBoth = (place: JsonObject) =>
    sides.every((entries) => entries.some(({ value }) => isWithin(value, place, narrowing)))
  const place = requested.find(isNarrowedByBoth)
  if (place) refuseDetails(place.type)
}
