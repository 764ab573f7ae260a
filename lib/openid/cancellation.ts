/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Cancellation": the client gives up on its request. Whatever the handle is,
 * the answer is the same; only the rightful client's unredeemed deferral is changed by it.
 */
import { errors } from 'oidc-provider'
import type { Core } from '../core.js'
import { answerJson, type Context } from '../host/context.js'
import { afterProof } from '../host/hold.js'
import { keepAnswer } from '../host/listeners.js'
import { lendTokenRoute, routeMatcher } from '../host/token_route.js'
import { cancelDeferral } from '../profile/cancellation.js'
import { fromStore, presented } from '../profile/presented_handle.js'
import { cancellationBody } from './cancellation_body.js'

/** Middleware that has the host handle the cancellation endpoint as it handles its token endpoint. */
export function cancellationEndpoint({ provider, tokenRoute, settings }: Core) {
  const route = settings.routes.cancellation
  const isOurs = routeMatcher(route)

  async function lend(ctx: Context, next: () => Promise<void>): Promise<void> {
    answerJson(ctx)
    const body = ctx.method === 'POST' ? await cancellationBody(ctx) : undefined
    lendTokenRoute(ctx, provider, { tokenRoute, route, body })
    return next()
  }

  return (ctx: Context, next: () => Promise<void>): Promise<void> =>
    (ctx.method === 'POST' || ctx.method === 'OPTIONS') && isOurs(ctx.path) ? lend(ctx, next) : next()
}

/** Cancels (O-098 to O-110). */
export async function cancel(ctx: Context, core: Core, deferredAuthId: string | undefined): Promise<void> {
  if (deferredAuthId === undefined) throw new errors.InvalidRequest("missing required parameter 'deferred_auth_id'")
  const deferral = await afterProof(ctx, core.handler, () =>
    presented(ctx, core, 'deferred_auth_id', deferredAuthId, fromStore(core)),
  )
  const isOver = !deferral || deferral.expiresAt <= deferral.readAt
  if (!isOver) await cancelDeferral(core, deferral.id, { isByClient: true }, deferral)
  ctx.body = {}
  keepAnswer(ctx)
}
