/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Deferred Token Response Flow": connects the messages of this draft with the
 * host's endpoints.
 */
import type { Context } from '../../host/context.js'
import type { Plugin } from '../../plugin.js'
import { nameDeferredCode } from './authorization_response.js'
import { cancellationEndpoint } from './cancellation.js'
import { grantType } from './names.js'
import { handleDeferredGrant, parameters } from './token_endpoint.js'

/** Installs the openid profile on the host. */
export function installOpenid(plugin: Plugin): void {
  const { provider, internals } = plugin.host
  provider.registerGrantType(grantType, (ctx) => handleDeferredGrant(ctx as Context, plugin), parameters(internals), [
    'resource',
  ])
  provider.on('authorization.success', (ctx, response) => nameDeferredCode(ctx, response as Record<string, unknown>))
  provider.use(cancellationEndpoint(plugin) as never)
}
