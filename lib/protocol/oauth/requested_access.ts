/*
 * OAuth 2.0 Deferred Token Response, "Token Request": the access that a token request asks for, from its own parameters and
 * from the code that it redeems.
 */
import type { JsonObject } from '../../deferral/deferral.js'
import { isObject } from '../../deferral/json.js'
import type { NewDeferral } from '../../deferral/store.js'
import { type Context, detailsOf, paramsOf, sentValues } from '../../host/context.js'
import { requestOf, sentScope } from '../request_of_source.js'

/** The host's grants that redeem a stored artifact, and the name of its model. */
export const artifacts: Readonly<Record<string, string>> = {
  authorization_code: 'AuthorizationCode',
  'urn:ietf:params:oauth:grant-type:device_code': 'DeviceCode',
  'urn:openid:params:grant-type:ciba': 'BackchannelAuthenticationRequest',
  'urn:ietf:params:oauth:grant-type:pre-authorized_code': 'PreAuthorizedCode',
}

type RequestedAccess = ReturnType<typeof requestOf> &
  Pick<NewDeferral, 'grantType' | 'claims' | 'requestedScope' | 'requestedResource' | 'requestedDetails'>

/** The access that a token request asks for. It may be less than its code allows (RFC 8707, RFC 9396). */
export function requestedAccess(ctx: Context, grantType: string, source: JsonObject): RequestedAccess {
  const request = requestOf(source)
  return {
    grantType,
    ...request,
    ...sentScope(sentValues(ctx, 'scope')[0], request.scope),
    ...claimsOf(source),
    ...(Object.hasOwn(artifacts, grantType) && narrowingParameters(ctx)),
  }
}

// the claims in a code include those that the host has added for max_age and acr_values; nothing tells them apart
function claimsOf({ claims }: JsonObject): Pick<NewDeferral, 'claims'> {
  return isObject(claims) && Object.keys(claims).length > 0 ? { claims: claims as JsonObject } : {}
}

function narrowingParameters(ctx: Context): Partial<RequestedAccess> {
  const { resource } = paramsOf(ctx)
  const details = detailsOf(ctx)
  return {
    ...(resource !== undefined && { requestedResource: [resource].flat() }),
    ...(details && { requestedDetails: details }),
  }
}
