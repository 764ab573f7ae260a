/*
 * OAuth 2.0 Deferred Token Response, "Token Request": a request of any grant whose client lists `deferred` in completion_mode is
 * validated in full as ever, and may then be answered with a deferral instead of tokens.
 */
import { errors } from 'oidc-provider'
import type { Core } from '../core.js'
import type { Binding, JsonObject } from '../deferral/deferral.js'
import { idFrom, newId } from '../deferral/handle.js'
import { sourceOf } from '../host/authorization_code.js'
import { requestSource } from '../host/client_credentials.js'
import { hasRevoked } from '../host/code_reuse.js'
import { accountOf, bodyOf, type Context, clientOf, paramsOf } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import { type GrantHandler, holdIf } from '../host/hold.js'
import type { DeferRequest } from '../options.js'
import { cancelDeferral } from '../profile/cancellation.js'
import { type Deferred, decide } from '../profile/decide.js'
import { assertNotificationToken } from '../profile/notification_token.js'
import { requestedBy } from '../profile/requested.js'
import { canWait } from './completion_mode.js'
import { deferredResponse } from './deferred_response.js'
import { grantType as deferredGrantType } from './names.js'

/** The host's authorization_code grant, able to wait. */
export function deferrableCode(core: Core, handler: GrantHandler): GrantHandler {
  return async (ctx) => {
    const { code } = paramsOf(ctx)
    const id = idFrom(String(code))
    try {
      await answer(ctx, core, handler, { id, grantType: 'authorization_code', source: codeSource })
    } catch (error) {
      if (hasRevoked(ctx)) await endReplayed(ctx, core, id, handler)
      throw error
    }
  }
}

/** The host's client_credentials grant, able to wait. */
export function deferrableClientCredentials(core: Core, handler: GrantHandler): GrantHandler {
  const source = async (ctx: Context) => requestSource(ctx, core.internals)
  return (ctx) => answer(ctx, core, handler, { id: newId(), grantType: 'client_credentials', source })
}

/** Whether this request may be deferred: its client can wait, and is registered to poll (I-017, C-I21). */
export function isOptedIn(ctx: Context): boolean {
  return canWait(bodyOf(ctx)?.completion_mode) && clientOf(ctx).grantTypeAllowed(deferredGrantType)
}

/** Asks `defer` about a request that passed every check; `undefined`: it is to be answered now. */
export async function decideRequest(
  ctx: Context,
  core: Core,
  { id, grantType, source, binding }: { id: string; grantType: string; source: JsonObject; binding: Binding },
): Promise<Deferred | undefined> {
  // C-I06: a handle that lives for days must be worth nothing to a thief
  if (clientOf(ctx).clientAuthMethod === 'none' && !binding.jkt && !binding.x5t) return undefined
  return withPlainFaults(decide(ctx, core.settings, deferRequest(ctx, { id, grantType, source })))
}

async function answer(
  ctx: Context,
  core: Core,
  handler: GrantHandler,
  { id, grantType, source }: { id: string; grantType: string; source: (ctx: Context) => Promise<JsonObject> },
): Promise<void> {
  if (!isOptedIn(ctx)) return handler(ctx)
  assertNotificationToken('client_notification_token', bodyOf(ctx)?.client_notification_token)
  const held: { source?: JsonObject; deferring?: Deferred } = {}
  const binding = await holdIf(ctx, handler, async (shown) => {
    held.source = await source(ctx)
    const deferring = await decideRequest(ctx, core, { id, grantType, source: held.source, binding: shown })
    if (deferring) held.deferring = deferring
    return deferring !== undefined
  })
  if (!binding || !held.source || !held.deferring) return
  throw await deferredResponse(ctx, core, {
    id,
    grantType,
    source: held.source,
    binding,
    deferring: held.deferring,
  })
}

async function codeSource(ctx: Context): Promise<JsonObject> {
  return sourceOf(ctx.oidc.entities.AuthorizationCode as NonNullable<typeof ctx.oidc.entities.AuthorizationCode>)
}

function deferRequest(
  ctx: Context,
  { id, grantType, source }: { id: string; grantType: string; source: JsonObject },
): DeferRequest {
  const account = accountOf(ctx)
  const { resource: requested, ...params } = paramsOf(ctx)
  const { scope, resource, authorizationDetails } = requestedBy(source)
  return {
    id,
    profile: 'oauth',
    client: clientOf(ctx),
    ...(account && { account }),
    grantType,
    scope: new Set(scope),
    resource: requested === undefined ? resource : [requested].flat(),
    ...(authorizationDetails && { authorizationDetails }),
    params: Object.freeze({ ...params, resource: requested, completion_mode: bodyOf(ctx)?.completion_mode }),
  }
}

/** A code used again is a theft signal: whatever it led to ends (C-I17). The host has revoked what was issued by then. */
async function endReplayed(ctx: Context, core: Core, id: string, handler: GrantHandler): Promise<void> {
  if (await cancelDeferral(core, id)) return
  const deferral = await core.store.find(id, core.settings.clock())
  // redeemed while the host was revoking: what was stored too late is revoked by doing it again
  if (deferral?.status === 'redeemed') {
    await handler(ctx).catch((error: unknown) => {
      if (!(error instanceof errors.OIDCProviderError)) throw error
    })
  }
}
