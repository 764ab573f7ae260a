/*
 * OAuth 2.0 Deferred Token Response, "Token Request": a token request in the form in which `defer` gets it.
 */
import type { JsonObject } from '../../deferral/deferral.js'
import { accountOf, bodyOf, type Context, clientOf, paramsOf } from '../../host/context.js'
import type { Obstacle } from '../../options/defer.js'
import { type BaseDeferRequest, visibleParams } from '../ask_defer.js'
import { requestedAccess } from './requested_access.js'

/** The request for `defer`, from a token request that has passed every check. */
export function deferRequest(
  ctx: Context,
  {
    id,
    grantType,
    source,
    obstacle,
  }: { id: string; grantType: string; source: JsonObject; obstacle?: Obstacle | undefined },
): BaseDeferRequest {
  const account = accountOf(ctx)
  const { scope, resource, requestedResource, authorizationDetails, requestedDetails } = requestedAccess(
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
    // a copy: `defer` may change it, and the stored request must stay as it is
    ...(details && { authorizationDetails: structuredClone(details) }),
    params: visibleParams({ ...paramsOf(ctx), completion_mode: bodyOf(ctx)?.completion_mode || undefined }),
    ...(obstacle && { obstacle }),
  }
}
