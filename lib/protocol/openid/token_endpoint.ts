/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Deferred Code Exchange Request" and "Token Request using the Authentication
 * Request ID": one grant type has two requests. An exchange carries deferred_code, a poll carries deferred_auth_id.
 */
import { errors } from 'oidc-provider'
import { type Context, paramsOf } from '../../host/context.js'
import { isCancellation } from '../../host/request/token_route.js'
import type { Internals } from '../../host/seams.js'
import type { Plugin } from '../../plugin.js'
import { poll } from '../poll.js'
import { tracedRequest } from '../traced_request.js'
import { cancel } from './cancellation.js'
import { exchange } from './deferred_code_exchange.js'

/** The parameters that the grant declares to the host. Only `resource` may be repeated. */
export function parameters({ configuration }: Internals): string[] {
  const names = ['deferred_code', 'deferred_auth_id', 'deferred_notification_token', 'code_verifier', 'redirect_uri']
  return configuration.features.resourceIndicators.enabled ? [...names, 'resource'] : names
}

/** The handler of the deferred grant. */
export async function handleDeferredGrant(ctx: Context, plugin: Plugin): Promise<void> {
  dropEmptyResources(ctx)
  const { deferred_code: deferredCode, deferred_auth_id: deferredAuthId } = paramsOf(ctx)
  if (isCancellation(ctx)) return cancel(ctx, plugin, deferredAuthId as string | undefined)
  if (typeof deferredCode === 'string' && deferredAuthId === undefined) {
    return tracedRequest(ctx, plugin, 'exchange', () => exchange(ctx, plugin, deferredCode))
  }
  if (typeof deferredAuthId === 'string' && deferredCode === undefined) {
    return tracedRequest(ctx, plugin, 'poll', () => poll(ctx, plugin, 'deferred_auth_id', deferredAuthId))
  }
  throw new errors.InvalidRequest('exactly one of deferred_code and deferred_auth_id must be provided')
}

// the host drops an empty parameter (RFC 6749, section 3.2), but not an empty value in a list
function dropEmptyResources(ctx: Context): void {
  const params = paramsOf(ctx)
  if (!Array.isArray(params.resource)) return
  const values = params.resource.filter(Boolean)
  params.resource = values.length > 1 ? values : values[0]
}
