/*
 * What several votes grant together: the narrowest of all of them. Members that one vote leaves as requested are as the others say.
 */
import { isDeepStrictEqual } from 'node:util'
import type { By, Decision, DeferralRecord, JsonObject, Vote } from './deferral.js'
import { beyond, isObject, ownMember } from './json.js'
import { pairUp } from './matching.js'
import { assertNarrower, beyondDetails, leavesNothing, type Narrowing } from './narrow.js'

/** The names in a `by`, each of them once. */
export function namesOf(by: By | By[]): string[] {
  return [...new Set([by].flat(2))]
}

/**
 * The decision that these votes make together, with the names of all voters and the note of the last one. Throws a `RangeError`
 * if the votes cannot be combined, or leave nothing to grant.
 */
export function combine(requested: DeferralRecord, votes: readonly Vote[], narrowing: Narrowing): Decision {
  for (const name of ['acr', 'amr', 'authTime'] as const) assertEqual(name, votes)
  const { acr, amr, authTime, note } = votes.at(-1) ?? {}
  const decision = present({
    by: namesOf(votes.map(({ by }) => by)),
    acr,
    amr,
    authTime,
    scope: narrowest(votes, ({ scope }) => scope, common),
    resource: narrowest(votes, ({ resource }) => resource, common),
    authorizationDetails: commonDetails(requested, votes, narrowing),
    claims: narrowest(votes, ({ claims }) => claims, commonClaims),
    until: narrowest(votes, ({ until }) => until, earlier),
    note,
  })
  if (leavesNothing(requested, decision)) {
    throw new RangeError('the votes leave nothing to grant together, withdraw one with unvote, or deny')
  }
  assertNarrower(requested, decision, narrowing)
  return decision
}

function assertEqual(name: 'acr' | 'amr' | 'authTime', votes: readonly Vote[]): void {
  const [first, ...others] = votes.map((vote) => vote[name])
  if (!others.every((other) => isDeepStrictEqual(other, first))) {
    throw new RangeError(`${name} must be equal in all votes, vote with the same or withdraw one with unvote`)
  }
}

// `undefined` if every vote leaves this member as requested. The last vote comes first: it may be narrower than two earlier votes
// that cannot be compared with each other
function narrowest<T>(
  votes: readonly Vote[],
  memberOf: (vote: Vote) => T | undefined,
  combineTwo: (a: T, b: T) => T,
): T | undefined {
  const members = votes.flatMap((vote): T[] => {
    const member = memberOf(vote)
    return member === undefined ? [] : [member]
  })
  return members.length > 0 ? members.reduceRight((a, b) => combineTwo(a, b)) : undefined
}

const earlier = (a: Date, b: Date) => (a < b ? a : b)

/** The entries that are in both, each as often as in both. */
function common<T extends string | JsonObject>(a: T[], b: T[]): T[] {
  return beyond(a, beyond(a, b))
}

function commonClaims(a: JsonObject, b: JsonObject): JsonObject {
  const targets = Object.entries(a).flatMap(([target, members]) => {
    const others = ownMember(b, target)
    if (!isObject(members) || !isObject(others)) return []
    return [[target, Object.fromEntries(Object.entries(members).filter(([name]) => Object.hasOwn(others, name)))]]
  })
  return Object.fromEntries(targets)
}

function commonDetails(requested: DeferralRecord, votes: readonly Vote[], narrowing: Narrowing) {
  const all = narrowest(
    votes,
    ({ authorizationDetails }) => authorizationDetails,
    (a, b) => {
      const [restA, restB] = [beyond(a, b), beyond(b, a)]
      const pairs = pairUp(restA, restB, comparing(narrowing))
      const isPaired = new Set(pairs.values())
      const unpaired = [restA.filter((_, at) => !pairs.has(at)), restB.filter((_, at) => !isPaired.has(at))]
      assertApart(unpaired, requested.authorizationDetails ?? [], narrowing)
      const narrower = [...pairs].map(([at, other]) => narrowerOf(restA[at], restB[other], narrowing))
      return [...common(a, b), ...narrower.filter((entry) => entry !== undefined)]
    },
  )
  // a rule that is no order could allow more than a vote does
  for (const { authorizationDetails } of votes) {
    const [wider] = authorizationDetails ? beyondDetails(all ?? [], authorizationDetails, narrowing) : []
    if (wider) refuseDetails(wider.type)
  }
  return all
}

// for each type: whether one entry is narrower than the other, whichever it is
function comparing(narrowing: Narrowing): Narrowing {
  const rule = (a: JsonObject, b: JsonObject) => isWithin(a, b, narrowing) || isWithin(b, a, narrowing)
  return Object.fromEntries(Object.keys(narrowing).map((type) => [type, rule]))
}

function narrowerOf(a: JsonObject | undefined, b: JsonObject | undefined, narrowing: Narrowing) {
  return a && b && isWithin(b, a, narrowing) ? b : a
}

const isWithin = (entry: JsonObject, wider: JsonObject, narrowing: Narrowing) =>
  beyondDetails([entry], [wider], narrowing).length === 0

// two votes that narrow one requested entry in different ways: neither of them has left it out
function assertApart(unpaired: JsonObject[][], requested: JsonObject[], narrowing: Narrowing): void {
  for (const type of Object.keys(narrowing)) {
    const ofType = (entries: JsonObject[]) => entries.filter((entry) => entry.type === type)
    const sides = unpaired.map(ofType)
    if (sides.some(({ length }) => length === 0)) continue
    const isNarrowedByBoth = (place: JsonObject) =>
      sides.every((entries) => entries.some((entry) => isWithin(entry, place, narrowing)))
    if (ofType(requested).some(isNarrowedByBoth)) refuseDetails(type)
  }
}

function refuseDetails(type: unknown): never {
  throw new RangeError(
    `the votes grant entries of type ${type} that cannot be compared, grant equal entries or withdraw one with unvote`,
  )
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function present<T extends object>(members: T): Present<T> {
  const entries = Object.entries(members).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries) as Present<T>
}
