import type { JsonObject } from '../../deferral/deferral.js'
import { isObject } from '../../deferral/json.js'
import type { NewDeferral } from '../../deferral/store.js'
import { type Context, detailsOf, paramsOf, sentValues } from '../../host/context.js'
import { requestOf, sentScope } from '../request_of_source.js'
import { artifacts } from './grants.js'

type Requested = ReturnType<typeof requestOf> &
  Pick<NewDeferral, 'grantType' | 'claims' | 'requestedScope' | 'requestedResource' | 'requestedDetails'>

/** What a token request asks for. It may be less than the code that it redeems allows (RFC 8707, RFC 9396). */
export function requested(ctx: Context, grantType: string, source: JsonObject): Requested {
  const taken = requestOf(source)
  return {
    grantType,
    ...taken,
    ...sentScope(sentValues(ctx, 'scope')[0], taken.scope),
    ...claimsOf(source),
    ...(Object.hasOwn(artifacts, grantType) && lessThanStored(ctx)),
  }
}

// with what the host itself asked for, on account of max_age and acr_values: the client's own parameter is not known any more
function claimsOf({ claims }: JsonObject): Pick<NewDeferral, 'claims'> {
  return isObject(claims) && Object.keys(claims).length > 0 ? { claims: claims as JsonObject } : {}
}

function lessThanStored(ctx: Context): Partial<Requested> {
  const { resource } = paramsOf(ctx)
  const details = detailsOf(ctx)
  return {
    ...(resource !== undefined && { requestedResource: [resource].flat() }),
    ...(details && { requestedDetails: details }),
  }
}
