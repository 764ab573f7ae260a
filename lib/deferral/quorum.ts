/*
 * The decision of several votes: the narrowest of all of them. A vote without a member leaves that member to the other votes.
 */
import { isDeepStrictEqual } from 'node:util'
import { commonDetails, refuseDetails } from './common_details.js'
import type { By, Decision, JsonObject, Vote } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import { beyond, isObject, ownMember } from './json.js'
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
    authorizationDetails: detailsOf(requested, votes, narrowing),
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

/** The entries of both lists. A repeated entry counts as often as in the list with fewer of it. */
function common(a: string[], b: string[]): string[] {
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

function detailsOf(
  { authorizationDetails: requested = [] }: DeferralRecord,
  votes: readonly Vote[],
  narrowing: Narrowing,
): JsonObject[] | undefined {
  const memberOf = ({ authorizationDetails }: Vote) => authorizationDetails
  const details = narrowest(votes, memberOf, (a, b) => commonDetails(a, b, requested, narrowing))
  // a rule that is no order could let more pass than a vote allows
  for (const { authorizationDetails } of votes) {
    const [wider] = authorizationDetails ? beyondDetails(details ?? [], authorizationDetails, narrowing) : []
    if (wider) refuseDetails(wider.type)
  }
  return details
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function present<T extends object>(members: T): Present<T> {
  const entries = Object.entries(members).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries) as Present<T>
}
