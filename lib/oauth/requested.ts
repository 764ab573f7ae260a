import type { JsonObject } from '../deferral/deferral.js'
import { isObject } from '../deferral/json.js'
import type { NewDeferral } from '../deferral/store.js'
import { type Context, paramsOf } from '../host/context.js'
import { requestedBy } from '../profile/requested.js'

type Requested = ReturnType<typeof requestedBy> &
  Pick<NewDeferral, 'grantType' | 'claims' | 'requestedResource' | 'requestedDetails'>

/** What a token request asks for. For a code it may be less than the authorization request did (RFC 8707, RFC 9396). */
export function requested(ctx: Context, grantType: string, source: JsonObject): Requested {
  return {
    grantType,
    ...requestedBy(source),
    ...claimsOf(source),
    ...(grantType === 'authorization_code' && lessThanCode(ctx)),
  }
}

// without what the host itself may have asked for, on account of max_age and acr_values: that stays, whatever is decided
function claimsOf({ claims }: JsonObject): Pick<NewDeferral, 'claims'> {
  if (!isObject(claims)) return {}
  const { auth_time, acr, ...idToken } = (claims.id_token ?? {}) as JsonObject
  const all = { ...claims, id_token: idToken } as JsonObject
  const targets = Object.entries(all).filter(([, members]) => Object.keys(members ?? {}).length > 0)
  return targets.length > 0 ? { claims: Object.fromEntries(targets) } : {}
}

function lessThanCode(ctx: Context): Partial<Requested> {
  const { resource, authorization_details: text } = paramsOf(ctx)
  const details = typeof text === 'string' ? (JSON.parse(text) as JsonObject[]) : undefined
  return {
    ...(resource !== undefined && { requestedResource: [resource].flat() }),
    ...(details && { requestedDetails: details }),
  }
}
