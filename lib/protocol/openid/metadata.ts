/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Authorization Server Metadata": the members of the discovery document that
 * this draft adds. The host adds the response types and the grant type itself.
 */

import type { Context } from '../../host/context.js'
import { urlBeside } from '../../host/request/token_route.js'
import type { Plugin } from '../../plugin.js'
import { cancellationEndpoint } from './names.js'

/** The member of the discovery document for this profile: the cancellation endpoint (C-O01). */
export function metadata(ctx: Context, { host, settings }: Plugin): Record<string, unknown> {
  return { [cancellationEndpoint]: urlBeside(ctx.oidc, host.tokenRoute, settings.routes.cancellation) }
}
