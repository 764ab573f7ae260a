import type { JsonObject } from '../../deferral/deferral.js'
import { accountOf, bodyOf, type Context, clientOf, paramsOf } from '../../host/context.js'
import type { Obstacle } from '../../options/options.js'
import { type BaseDeferRequest, visibleParams } from '../ask_defer.js'
import { requested } from './requested_access.js'

/** What `defer` is asked about a token request that passed every check. */
export function question(
  ctx: Context,
  {
    id,
    grantType,
    source,
    obstacle,
  }: { id: string; grantType: string; source: JsonObject; obstacle?: Obstacle | undefined },
): BaseDeferRequest {
  const account = accountOf(ctx)
  const { scope, resource, requestedResource, authorizationDetails, requestedDetails } = requested(
    ctx,
    grantType,
    source,
  )
  const details = requestedDetails ?? authorizationDetails
  return {
    id,
    profile: 'oauth',
    client: clientOf(ctx),
    ...(account && { account }),
    grantType,
    scope: new Set(scope),
    resource: requestedResource ?? resource,
    // defer may change what it is shown: what is kept must not follow
    ...(details && { authorizationDetails: structuredClone(details) }),
    params: visibleParams({ ...paramsOf(ctx), completion_mode: bodyOf(ctx)?.completion_mode || undefined }),
    ...(obstacle && { obstacle }),
  }
}
