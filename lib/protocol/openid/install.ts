import { preparationOf } from '../../configure.js'
import type { Context } from '../../host/context.js'
import { acceptResponseTypes } from '../../host/overrides/response_types.js'
import type { Core } from '../../plugin.js'
import { nameDeferredCode } from './authorization_response.js'
import { cancellationEndpoint } from './cancellation.js'
import { grantType, responseTypes } from './names.js'
import { handleDeferredGrant, parameters } from './token_endpoint.js'

/** Has the host speak the OpenID draft. */
export function installOpenid(core: Core): void {
  const { provider, internals } = core
  const addedCodeGrant = preparationOf(internals.configuration.interactions.policy)?.addedCodeGrant
  // without the grant nobody could redeem the code that the combined type may yield
  acceptResponseTypes(
    internals,
    responseTypes.filter((type) => !addedCodeGrant || type === 'deferred_code'),
  )
  provider.registerGrantType(grantType, (ctx) => handleDeferredGrant(ctx as Context, core), parameters(internals), [
    'resource',
  ])
  provider.on('authorization.success', (ctx, response) => nameDeferredCode(ctx, response as Record<string, unknown>))
  provider.use(cancellationEndpoint(core) as never)
}
