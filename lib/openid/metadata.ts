/*
 * OpenID Connect Deferred Token Response Flow 1.0, "OpenID Provider Metadata". Response types and grant type show up by
 * themselves once the host knows them.
 */
import type { Core } from '../core.js'
import type { Context } from '../host/context.js'
import { cancellationEndpoint } from './names.js'

/** Middleware that adds the cancellation endpoint to the discovery document (C-O01). */
export function discovery({ tokenRoute, settings }: Core) {
  return async (ctx: Context, next: () => Promise<void>): Promise<void> => {
    await next()
    if (ctx.oidc?.route !== 'discovery' || typeof ctx.body !== 'object' || ctx.body === null) return
    const url = ctx.oidc.urlFor('token').slice(0, -tokenRoute.length) + settings.routes.cancellation
    Object.assign(ctx.body, { [cancellationEndpoint]: url })
  }
}
