import type { DeferralRecord, Granted, Json, JsonObject } from '../../deferral/deferral.js'
import { isObject, ownMember } from '../../deferral/json.js'

/** The source as the host would have written it, had the client asked only for what is granted. */
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
  // callbacks may change what they are given: the decision must not follow
  return structuredClone(narrowed)
}

// what the host itself asks for, on account of max_age or acr_values, stays: it is no consent that could be narrowed
const always = ['auth_time', 'acr']

function withoutRefused(all: Json | undefined, requested: JsonObject, granted: JsonObject): JsonObject {
  const targets = Object.entries(isObject(all) ? (all as JsonObject) : {}).map(([target, members]) => {
    const [asked, kept] = [ownMember(requested, target), ownMember(granted, target)]
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
