/*
 * OAuth 2.0 Deferred Token Response, "Token Request": the client lists `deferred` in completion_mode of any token request. The
 * request is validated as always, and is then answered with tokens or with a deferral_code.
 */

import type { Binding, JsonObject } from '../../deferral/deferral.js'
import { idFrom, newId } from '../../deferral/handle.js'
import { type Context, clientOf, paramsOf } from '../../host/context.js'
import { sourceOf } from '../../host/grants/authorization_code.js'
import { requestSource } from '../../host/grants/client_credentials.js'
import { dryRunThen } from '../../host/grants/dry_run.js'
import type { GrantHandler } from '../../host/seams.js'
import type { Obstacle } from '../../options/defer.js'
import type { Plugin } from '../../plugin.js'
import { askDefer, type DeferralTerms, hasDefer } from '../ask_defer.js'
import { endIfReused } from './code_reuse.js'
import { assertRequest } from './completion_mode.js'
import { answerUnlessRefused, obstacleOf } from './defer_enforcement.js'
import { deferRequest } from './defer_request.js'
import { deferredResponse, type ValidatedRequest } from './deferred_response.js'

/** The host's authorization_code grant, with requests that can wait. */
export function deferrableCode(plugin: Plugin, handler: GrantHandler): GrantHandler {
  const reader = { idOf: codeId, grantType: 'authorization_code', sourceOf: codeSource }
  const refuse = async (ctx: Context, error: unknown) => {
    await endIfReused(ctx, plugin, codeId(ctx), error)
    throw error
  }
  return (ctx) => handleTokenRequest(ctx, plugin, handler, reader).catch((error: unknown) => refuse(ctx, error))
}

/** The host's client_credentials grant, with requests that can wait. */
export function deferrableClientCredentials(plugin: Plugin, handler: GrantHandler): GrantHandler {
  const sourceOf = async (ctx: Context) => requestSource(ctx, plugin.host.internals)
  const reader = { idOf: newId, grantType: 'client_credentials', sourceOf }
  return (ctx) => handleTokenRequest(ctx, plugin, handler, reader)
}

/** A token request that has passed every check. */
interface TokenRequest {
  id: string
  grantType: string
  source: JsonObject
  binding: Binding
  obstacle?: Obstacle | undefined
}

/** Asks `defer` about a token request; `undefined` if it gets its answer now. */
export function askAboutTokenRequest(
  ctx: Context,
  plugin: Plugin,
  request: TokenRequest,
): Promise<DeferralTerms | undefined> {
  const { jkt, x5t } = request.binding
  // C-I06: a handle lives for days, so a thief must not be able to use it without the client's key
  const isKeyMissing = clientOf(ctx).clientAuthMethod === 'none' && !jkt && !x5t
  const obstacle = request.obstacle ?? (isKeyMissing ? 'key' : undefined)
  return askDefer(ctx, plugin, deferRequest(ctx, { ...request, obstacle }))
}

/** Reads the id of the deferral and the source to store from a request of one grant. */
interface RequestReader {
  grantType: string
  idOf: (ctx: Context) => string
  sourceOf: (ctx: Context) => Promise<JsonObject>
}

function handleTokenRequest(ctx: Context, plugin: Plugin, handler: GrantHandler, reader: RequestReader): Promise<void> {
  const obstacle = obstacleOf(ctx, plugin)
  if (!obstacle) return answerOrDefer(ctx, plugin, handler, reader)
  if (!hasDefer(plugin.settings)) return handler(ctx)
  return answerUnlessRefused(ctx, plugin, handler, { grantType: reader.grantType, obstacle, id: reader.idOf(ctx) })
}

async function answerOrDefer(
  ctx: Context,
  plugin: Plugin,
  handler: GrantHandler,
  { idOf, grantType, sourceOf }: RequestReader,
): Promise<void> {
  const validated = await dryRunThen(ctx, handler, async (binding): Promise<ValidatedRequest | undefined> => {
    assertRequest(ctx)
    const request = { id: idOf(ctx), grantType, source: await sourceOf(ctx), binding }
    const terms = await askAboutTokenRequest(ctx, plugin, request)
    return terms && { ...request, terms }
  })
  if (!validated) return
  await deferredResponse(ctx, plugin, validated)
}

function codeId(ctx: Context): string {
  return idFrom(String(paramsOf(ctx).code))
}

async function codeSource(ctx: Context): Promise<JsonObject> {
  return sourceOf(ctx.oidc.entities.AuthorizationCode as NonNullable<typeof ctx.oidc.entities.AuthorizationCode>)
}
