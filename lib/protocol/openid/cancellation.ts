/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Cancellation": the client gives up on its request. Whatever the handle is,
 * the answer is the same; only the rightful client's unredeemed deferral is changed by it.
 */
import { errors } from 'oidc-provider'
import { answerJson, type Context } from '../../host/context.js'
import { afterProof } from '../../host/grants/dry_run.js'
import { keepAnswer } from '../../host/overrides/listeners.js'
import { handleAsTokenRequest, routeMatcher } from '../../host/overrides/token_route.js'
import type { Core } from '../../plugin.js'
import { cancelDeferral } from '../cancel_deferral.js'
import { fromStore, rightfulDeferral } from '../rightful_client.js'
import { cancellationBody } from './cancellation_body.js'

/** Middleware that has the host handle the cancellation endpoint as it handles its token endpoint. */
export function cancellationEndpoint({ provider, tokenRoute, settings }: Core) {
  const route = settings.routes.cancellation
  const isOurs = routeMatcher(route)

  async function lend(ctx: Context, next: () => Promise<void>): Promise<void> {
    answerJson(ctx)
    const body = ctx.method === 'POST' ? await cancellationBody(ctx) : undefined
    handleAsTokenRequest(ctx, provider, { tokenRoute, route, body })
    return next()
  }

  return (ctx: Context, next: () => Promise<void>): Promise<void> =>
    (ctx.method === 'POST' || ctx.method === 'OPTIONS') && isOurs(ctx.path) ? lend(ctx, next) : next()
}

/** Cancels (O-098 to O-110). */
export async function cancel(ctx: Context, core: Core, deferredAuthId: string | undefined): Promise<void> {
  if (deferredAuthId === undefined) throw new errors.InvalidRequest("missing required parameter 'deferred_auth_id'")
  const deferral = await afterProof(ctx, core.handler, () =>
    rightfulDeferral(ctx, core, 'deferred_auth_id', deferredAuthId, fromStore(core)),
  )
  const isOver = !deferral || deferral.expiresAt <= deferral.readAt
  if (!isOver) await cancelDeferral(core, deferral.id, { isByClient: true }, deferral)
  ctx.body = {}
  keepAnswer(ctx)
}
