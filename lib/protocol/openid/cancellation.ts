/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Authentication Cancellation Request": the client gives up its request. The
 * answer is the same for every handle. Only the rightful client can cancel, and only before the redemption.
 */
import { errors } from 'oidc-provider'
import { answerJson, type Context } from '../../host/context.js'
import { verifyProof } from '../../host/grants/proof.js'
import { keepAnswer } from '../../host/request/answer.js'
import { handleAsTokenRequest, routeMatcher } from '../../host/request/token_route.js'
import type { Plugin } from '../../plugin.js'
import { cancelDeferral } from '../cancel_deferral.js'
import { rightfulDeferral } from '../rightful_client.js'
import { cancellationBody } from './cancellation_body.js'

/** Middleware for the cancellation endpoint. It lets the host handle these requests as token requests. */
export function cancellationEndpoint({ host, settings }: Plugin) {
  const route = settings.routes.cancellation
  const isOurs = routeMatcher(route)

  async function handle(ctx: Context, next: () => Promise<void>): Promise<void> {
    answerJson(ctx)
    const body = ctx.method === 'POST' ? await cancellationBody(ctx) : undefined
    handleAsTokenRequest(ctx, host, { route, body })
    return next()
  }

  return (ctx: Context, next: () => Promise<void>): Promise<void> =>
    (ctx.method === 'POST' || ctx.method === 'OPTIONS') && isOurs(ctx.path) ? handle(ctx, next) : next()
}

/** Answers a cancellation (O-098 to O-110). */
export async function cancel(ctx: Context, plugin: Plugin, deferredAuthId: string | undefined): Promise<void> {
  if (deferredAuthId === undefined) throw new errors.InvalidRequest("missing required parameter 'deferred_auth_id'")
  const proof = await verifyProof(ctx, plugin.host)
  const deferral = await rightfulDeferral(ctx, plugin, 'deferred_auth_id', deferredAuthId, proof)
  const isOver = !deferral || deferral.expiresAt <= deferral.readAt
  if (!isOver) await cancelDeferral(plugin, deferral.id, { isByClient: true }, deferral)
  ctx.body = {}
  keepAnswer(ctx)
}
