/*
 * OpenID Connect Deferred Token Response Flow 1.0, "OpenID Provider Metadata". Response types and grant type show up by
 * themselves once the host knows them.
 */

import type { Context } from '../../host/context.js'
import { urlBeside } from '../../host/request/token_route.js'
import type { Plugin } from '../../plugin.js'
import { cancellationEndpoint } from './names.js'

/** What the discovery document says of this profile: the cancellation endpoint (C-O01). */
export function metadata(ctx: Context, { host, settings }: Plugin): Record<string, unknown> {
  return { [cancellationEndpoint]: urlBeside(ctx.oidc, host.tokenRoute, settings.routes.cancellation) }
}
