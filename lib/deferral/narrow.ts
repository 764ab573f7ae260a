import { isDeepStrictEqual } from 'node:util'
import type { DeferralRecord, Granted, JsonObject } from './deferral.js'
import { beyond, isObject, ownMember } from './json.js'
import { matches } from './matching.js'

/** Per type of authorization details: whether `granted` asks for no more than `requested`, two entries of that type. */
export type Narrowing = Record<string, (requested: JsonObject, granted: JsonObject) => boolean>

/** Refuses with a `RangeError` a decision that grants anything the request did not ask for, or nothing at all. */
export function assertNarrower(requested: DeferralRecord, granted: Granted, narrowing: Narrowing): void {
  assertNothingBeyond('scope', beyond(granted.scope ?? [], requested.scope))
  assertNothingBeyond('resource', beyond(granted.resource ?? [], requested.resource))
  const { authorizationDetails: asked = [] } = requested
  assertNothingBeyond('authorizationDetails', beyondDetails(granted.authorizationDetails ?? [], asked, narrowing))
  assertNarrowerClaims(granted.claims ?? {}, requested.claims ?? {})
  const details = granted.authorizationDetails ?? asked
  if (isTargetless(requested, granted) || (granted.scope?.length === 0 && details.length === 0)) {
    throw new RangeError('the decision leaves nothing to grant, use deny instead')
  }
}

// to a token request that is left without a resource the host would give its default one
function isTargetless({ profile, resource, requestedResource = resource }: DeferralRecord, granted: Granted): boolean {
  if (profile !== 'oauth' || !granted.resource || requestedResource.length === 0) return false
  const left = new Set(granted.resource)
  return !requestedResource.some((one) => left.has(one))
}

/** The granted entries for which there is no requested entry that is equal or, by the integrator's rule for the type, wider. */
export function beyondDetails(granted: JsonObject[], requested: JsonObject[], narrowing: Narrowing): JsonObject[] {
  const isWithin = matches(granted, requested, narrowing)
  return granted.filter((_entry, at) => !isWithin[at])
}

/** The part of the requested entries that the granted entries still allow. */
export function detailsLeft(requested: JsonObject[], granted: JsonObject[], narrowing: Narrowing): JsonObject[] {
  const covered = (entries: JsonObject[], others: JsonObject[]) => {
    const isCovered = matches(entries, others, narrowing)
    return entries.filter((_entry, at) => isCovered[at])
  }
  const isKept = matches(requested, granted, narrowing)
  const kept = requested.filter((_entry, at) => isKept[at])
  const others = requested.filter((_entry, at) => !isKept[at])
  return covered([...kept, ...covered(granted, others)], granted)
}

function assertNothingBeyond(name: string, wider: unknown[]): void {
  if (wider.length) {
    throw new RangeError(`${name} may only narrow what was requested, not requested: ${JSON.stringify(wider)}`)
  }
}

// a member is kept or removed as a whole: taking a constraint out of a member would ask for more
function assertNarrowerClaims(granted: JsonObject, requested: JsonObject): void {
  for (const [target, members] of Object.entries(granted)) {
    const asked = ownMember(requested, target)
    if (!isObject(asked)) throw new RangeError(`claims may only narrow what was requested, not requested: ${target}`)
    for (const [name, constraint] of Object.entries(members ?? {})) {
      const same = Object.hasOwn(asked, name) && isDeepStrictEqual(asked[name], constraint)
      if (!same) throw new RangeError(`claims may only narrow what was requested, not requested: ${target}.${name}`)
    }
  }
}
