/*
 * OAuth 2.0 Deferred Token Response, "Token Request": a request of any grant whose client lists `deferred` in completion_mode is
 * validated in full as ever, and may then be answered with a deferral instead of tokens.
 */

import type { Binding, JsonObject } from '../../deferral/deferral.js'
import { idFrom, newId } from '../../deferral/handle.js'
import { type Context, clientOf, paramsOf } from '../../host/context.js'
import { sourceOf } from '../../host/grants/authorization_code.js'
import { requestSource } from '../../host/grants/client_credentials.js'
import { dryRunThen } from '../../host/grants/dry_run.js'
import type { GrantHandler } from '../../host/seams.js'
import type { Obstacle } from '../../options/options.js'
import type { Plugin } from '../../plugin.js'
import { askDefer, type Deferred, isAsking } from '../ask_defer.js'
import { endIfReused } from './code_reuse.js'
import { assertRequest } from './completion_mode.js'
import { answerUnlessRefused, obstacleOf } from './defer_enforcement.js'
import { question } from './defer_request.js'
import { deferredResponse, type ValidatedRequest } from './deferred_response.js'

/** The host's authorization_code grant, able to wait. */
export function deferrableCode(plugin: Plugin, handler: GrantHandler): GrantHandler {
  const waiting = { idOf: codeId, grantType: 'authorization_code', source: codeSource }
  const refused = async (ctx: Context, error: unknown) => {
    await endIfReused(ctx, plugin, codeId(ctx), error)
    throw error
  }
  return (ctx) => answer(ctx, plugin, handler, waiting).catch((error: unknown) => refused(ctx, error))
}

/** The host's client_credentials grant, able to wait. */
export function deferrableClientCredentials(plugin: Plugin, handler: GrantHandler): GrantHandler {
  const source = async (ctx: Context) => requestSource(ctx, plugin.host.internals)
  return (ctx) => answer(ctx, plugin, handler, { idOf: newId, grantType: 'client_credentials', source })
}

/** A token request that passed every check. */
interface Validated {
  id: string
  grantType: string
  source: JsonObject
  binding: Binding
  obstacle?: Obstacle | undefined
}

/** Asks `defer` about a request that passed every check; `undefined`: it is to be answered now. */
export function considerRequest(ctx: Context, plugin: Plugin, request: Validated): Promise<Deferred | undefined> {
  const { jkt, x5t } = request.binding
  // C-I06: a handle that lives for days must be useless to a thief
  const isKeyMissing = clientOf(ctx).clientAuthMethod === 'none' && !jkt && !x5t
  const obstacle = request.obstacle ?? (isKeyMissing ? 'key' : undefined)
  return askDefer(ctx, plugin.settings, question(ctx, { ...request, obstacle }))
}

/** How requests of one grant are deferred: the source to store, and the id of the deferral. */
interface Waiting {
  grantType: string
  idOf: (ctx: Context) => string
  source: (ctx: Context) => Promise<JsonObject>
}

function answer(ctx: Context, plugin: Plugin, handler: GrantHandler, waiting: Waiting): Promise<void> {
  const obstacle = obstacleOf(ctx, plugin)
  if (!obstacle) return consider(ctx, plugin, handler, waiting)
  if (!isAsking(plugin.settings)) return handler(ctx)
  return answerUnlessRefused(ctx, plugin, handler, { grantType: waiting.grantType, obstacle, id: waiting.idOf(ctx) })
}

async function consider(
  ctx: Context,
  plugin: Plugin,
  handler: GrantHandler,
  { idOf, grantType, source }: Waiting,
): Promise<void> {
  const validated = await dryRunThen(ctx, handler, async (binding): Promise<ValidatedRequest | undefined> => {
    assertRequest(ctx)
    const request = { id: idOf(ctx), grantType, source: await source(ctx), binding }
    const deferring = await considerRequest(ctx, plugin, request)
    if (!deferring) return undefined
    return { ...request, deferring }
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
