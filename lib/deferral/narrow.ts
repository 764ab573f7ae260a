import { isDeepStrictEqual } from 'node:util'
import type { Decision, Granted, JsonObject } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import { beyond, canonical, isObject, ownMember } from './json.js'
import { assign } from './matching.js'

/** Per type of authorization details: whether `granted` asks for no more than `requested`, two entries of that type. */
export type Narrowing = Record<string, (requested: JsonObject, granted: JsonObject) => boolean>

/** The members of a record that decide how far a decision may go. */
type Requested = Pick<DeferralRecord, 'profile' | 'scope' | 'resource'> &
  Pick<Partial<DeferralRecord>, 'authorizationDetails' | 'claims' | 'requestedResource'>

/** Throws a `RangeError` if a decision grants more than was requested, or nothing at all. */
export function assertNarrower(requested: Requested, granted: Granted, narrowing: Narrowing): void {
  assertNothingBeyond('scope', beyond(granted.scope ?? [], requested.scope))
  assertNothingBeyond('resource', beyond(granted.resource ?? [], requested.resource))
  const wider = beyondDetails(granted.authorizationDetails ?? [], requested.authorizationDetails ?? [], narrowing)
  assertNothingBeyond('authorizationDetails', wider)
  assertNarrowerClaims(granted.claims ?? {}, requested.claims ?? {})
  if (leavesNothing(requested, granted)) {
    throw new RangeError('the decision leaves nothing to grant, use deny instead')
  }
}

/** Whether no scope and no authorization details are left, or none of the requested resources. */
export function leavesNothing(requested: Requested, granted: Granted): boolean {
  const details = granted.authorizationDetails ?? requested.authorizationDetails ?? []
  return isTargetless(requested, granted) || (granted.scope?.length === 0 && details.length === 0)
}

/** The facts of a history entry: the names of the members in which a decision grants less than was requested. */
export function narrowedFacts(requested: DeferralRecord, granted: Decision): { narrowed?: string[] } {
  const narrowed = narrowedMembers(requested, granted)
  return narrowed.length > 0 ? { narrowed } : {}
}

/** The names of the members in which a decision grants less than was requested. */
export function narrowedMembers(requested: DeferralRecord, granted: Decision): string[] {
  const { authorizationDetails: details = [], claims = {} } = requested
  const isNarrowed = {
    scope: granted.scope && beyond(requested.scope, granted.scope).length > 0,
    resource: granted.resource && beyond(requested.resource, granted.resource).length > 0,
    authorizationDetails: granted.authorizationDetails && beyond(details, granted.authorizationDetails).length > 0,
    claims: granted.claims && canonical(granted.claims) !== canonical(claims),
    until: granted.until !== undefined,
  }
  return Object.entries(isNarrowed).flatMap(([name, is]) => (is ? [name] : []))
}

// whether the decision refuses every resource of a token request: the host would then use its default resource
function isTargetless({ profile, resource, requestedResource = resource }: Requested, granted: Granted): boolean {
  if (profile !== 'oauth' || !granted.resource || requestedResource.length === 0) return false
  const remaining = new Set(granted.resource)
  return !requestedResource.some((name) => remaining.has(name))
}

/** The granted entries without a requested entry that is equal, or wider by the integrator's rule for the type. */
export function beyondDetails(granted: JsonObject[], requested: JsonObject[], narrowing: Narrowing): JsonObject[] {
  const isWithin = assign(granted, requested, narrowing)
  return granted.filter((_entry, at) => !isWithin[at])
}

/** The part of the requested entries that the granted entries still allow. */
export function detailsLeft(requested: JsonObject[], granted: JsonObject[], narrowing: Narrowing): JsonObject[] {
  const covered = (entries: JsonObject[], others: JsonObject[]) => {
    const isCovered = assign(entries, others, narrowing)
    return entries.filter((_entry, at) => isCovered[at])
  }
  const isAllowed = assign(requested, granted, narrowing)
  const allowed = requested.filter((_entry, at) => isAllowed[at])
  const others = requested.filter((_entry, at) => !isAllowed[at])
  return covered([...allowed, ...covered(granted, others)], granted)
}

function assertNothingBeyond(name: string, wider: unknown[]): void {
  if (wider.length) {
    throw new RangeError(`${name} may only narrow what was requested, not requested: ${JSON.stringify(wider)}`)
  }
}

// a member may only be removed as a whole: without one of its constraints it would ask for more
function assertNarrowerClaims(granted: JsonObject, requested: JsonObject): void {
  for (const [target, members] of Object.entries(granted)) {
    const constraints = ownMember(requested, target)
    if (!isObject(constraints))
      throw new RangeError(`claims may only narrow what was requested, not requested: ${target}`)
    for (const [name, constraint] of Object.entries(members ?? {})) {
      const isSame = Object.hasOwn(constraints, name) && isDeepStrictEqual(constraints[name], constraint)
      if (!isSame) throw new RangeError(`claims may only narrow what was requested, not requested: ${target}.${name}`)
    }
  }
}
