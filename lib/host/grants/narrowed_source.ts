import type { Granted, Json, JsonObject } from '../../deferral/deferral.js'
import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { isObject, ownMember } from '../../deferral/json.js'

/** The source that the host would have written if the client had asked only for what the decision grants. */
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
  // a copy: callbacks may change it, and the decision must stay as it is
  return structuredClone(narrowed)
}

// the host itself requests these for max_age and acr_values: they need no consent, and no decision removes them
const hostClaims = ['auth_time', 'acr']

function withoutRefused(all: Json | undefined, requested: JsonObject, granted: JsonObject): JsonObject {
  const targets = Object.entries(isObject(all) ? (all as JsonObject) : {}).map(([target, members]) => {
    const [requestedHere, grantedHere] = [ownMember(requested, target), ownMember(granted, target)]
    const isOfHost = (name: string) => target === 'id_token' && hostClaims.includes(name)
    const isRefused = (name: string) => has(requestedHere, name) && !has(grantedHere, name) && !isOfHost(name)
    return [target, Object.fromEntries(Object.entries(members ?? {}).filter(([name]) => !isRefused(name)))]
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
