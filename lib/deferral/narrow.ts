import { isDeepStrictEqual } from 'node:util'
import type { DeferralRecord, Granted, Json, JsonObject } from './deferral.js'
import { beyond, isObject } from './json.js'

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

// a token request left without a resource would be given another one
function isTargetless({ profile, resource, requestedResource = resource }: DeferralRecord, granted: Granted): boolean {
  if (profile !== 'oauth' || !granted.resource || requestedResource.length === 0) return false
  return !requestedResource.some((one) => granted.resource?.includes(one))
}

/** What of `granted` is neither equal to nor, by the integrator's rule for its type, less than a requested entry of its own. */
export function beyondDetails(granted: JsonObject[], requested: JsonObject[], narrowing: Narrowing): JsonObject[] {
  const takenBy = new Map<number, number>()

  // Kuhn's matching: whoever took an entry moves on if it finds another one
  function place(at: number, tried: Set<number>): boolean {
    return requested.some((candidate, index) => {
      if (tried.has(index) || !isWithin(granted[at] as JsonObject, candidate, narrowing)) return false
      tried.add(index)
      const holder = takenBy.get(index)
      if (holder !== undefined && !place(holder, tried)) return false
      takenBy.set(index, at)
      return true
    })
  }

  return granted.filter((_entry, at) => !place(at, new Set()))
}

/** What of the requested entries is left of them by what is granted. */
export function detailsLeft(requested: JsonObject[], granted: JsonObject[], narrowing: Narrowing): JsonObject[] {
  const within = (some: JsonObject[], others: JsonObject[]) => {
    const wider = beyondDetails(some, others, narrowing)
    return some.filter((entry) => !wider.includes(entry))
  }
  const kept = within(requested, granted)
  const others = requested.filter((entry) => !kept.includes(entry))
  return within([...kept, ...within(granted, others)], granted)
}

function isWithin(granted: JsonObject, requested: JsonObject, narrowing: Narrowing): boolean {
  if (isDeepStrictEqual(granted, requested)) return true
  const { type } = requested
  if (typeof type !== 'string' || granted.type !== type || !Object.hasOwn(narrowing, type)) return false
  const isNarrower = narrowing[type]?.(structuredClone(requested), structuredClone(granted))
  if (typeof isNarrower !== 'boolean') {
    throw new TypeError(`features.deferredTokenResponse.narrow.${type} must return true or false`)
  }
  return isNarrower
}

/** What the host would have put into its code, had only this been asked for. */
export function narrow(
  { source, claims: requested = {} }: Pick<DeferralRecord, 'source' | 'claims'>,
  granted: Granted,
): JsonObject {
  const { scope, resource, authorizationDetails, claims, acr, amr, authTime } = granted
  const narrowed: JsonObject = { ...source }
  if (scope) narrowed.scope = scope.join(' ')
  if (resource) assign(narrowed, 'resource', resource.length > 1 ? resource : resource[0])
  if (authorizationDetails) narrowed.rar = authorizationDetails
  if (claims) narrowed.claims = withoutRefused(source.claims, requested, claims)
  if (acr !== undefined) narrowed.acr = acr
  if (amr) narrowed.amr = amr
  if (authTime !== undefined) narrowed.authTime = authTime
  return narrowed
}

// what the host itself asks for, on account of max_age or acr_values, stays: it is no consent that could be narrowed
const always = ['auth_time', 'acr']

function withoutRefused(all: Json | undefined, requested: JsonObject, granted: JsonObject): JsonObject {
  const targets = Object.entries(isObject(all) ? (all as JsonObject) : {}).map(([target, members]) => {
    const [asked, kept] = [requested[target], granted[target]]
    const stays = (name: string) => target === 'id_token' && always.includes(name)
    const refused = (name: string) => has(asked, name) && !has(kept, name) && !stays(name)
    return [target, Object.fromEntries(Object.entries(members ?? {}).filter(([name]) => !refused(name)))]
  })
  return Object.fromEntries(targets)
}

function has(members: Json | undefined, name: string): boolean {
  return isObject(members) && Object.hasOwn(members, name)
}

function assign(target: JsonObject, name: string, value: JsonObject[string] | undefined): void {
  if (value === undefined) delete target[name]
  else target[name] = value
}

function assertNothingBeyond(name: string, wider: unknown[]): void {
  if (wider.length) {
    throw new RangeError(`${name} may only narrow what was requested, not requested: ${JSON.stringify(wider)}`)
  }
}

// a member is kept or removed as a whole: taking a constraint out of a member would ask for more
function assertNarrowerClaims(granted: JsonObject, requested: JsonObject): void {
  for (const [target, members] of Object.entries(granted)) {
    const asked = requested[target]
    if (!isObject(asked)) throw new RangeError(`claims may only narrow what was requested, not requested: ${target}`)
    for (const [name, constraint] of Object.entries(members ?? {})) {
      const same = Object.hasOwn(asked, name) && isDeepStrictEqual(asked[name], constraint)
      if (!same) throw new RangeError(`claims may only narrow what was requested, not requested: ${target}.${name}`)
    }
  }
}
