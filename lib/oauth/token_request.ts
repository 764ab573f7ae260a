/*
 * OAuth 2.0 Deferred Token Response, "Token Request": a request of any grant whose client lists `deferred` in completion_mode is
 * validated in full as ever, and may then be answered with a deferral instead of tokens.
 */
import type { Core } from '../core.js'
import type { Binding, JsonObject } from '../deferral/deferral.js'
import { idFrom, newId } from '../deferral/handle.js'
import { sourceOf } from '../host/authorization_code.js'
import { requestSource } from '../host/client_credentials.js'
import { accountOf, bodyOf, type Context, clientOf, type Params, paramsOf } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import { type GrantHandler, holdIf } from '../host/hold.js'
import type { DeferRequest } from '../options.js'
import { askDefer, type Deferred } from '../profile/defer.js'
import { endIfReused } from './code_reuse.js'
import { assertRequest, isOptedIn } from './completion_mode.js'
import { deferredResponse, type Held } from './deferred_response.js'
import { requested } from './requested.js'

/** The host's authorization_code grant, able to wait. */
export function deferrableCode(core: Core, handler: GrantHandler): GrantHandler {
  const waiting = { idOf: codeId, grantType: 'authorization_code', source: codeSource }
  const refused = async (ctx: Context, error: unknown) => {
    await endIfReused(ctx, core, codeId(ctx), error)
    throw error
  }
  return (ctx) => answer(ctx, core, handler, waiting).catch((error: unknown) => refused(ctx, error))
}

/** The host's client_credentials grant, able to wait. */
export function deferrableClientCredentials(core: Core, handler: GrantHandler): GrantHandler {
  const source = async (ctx: Context) => requestSource(ctx, core.internals)
  return (ctx) => answer(ctx, core, handler, { idOf: newId, grantType: 'client_credentials', source })
}

/** Asks `defer` about a request that passed every check; `undefined`: it is to be answered now. */
export async function considerRequest(
  ctx: Context,
  core: Core,
  { id, grantType, source, binding }: { id: string; grantType: string; source: JsonObject; binding: Binding },
): Promise<Deferred | undefined> {
  // C-I06: a handle that lives for days must be worth nothing to a thief
  if (clientOf(ctx).clientAuthMethod === 'none' && !binding.jkt && !binding.x5t) return undefined
  const deciding = askDefer(ctx, core.settings, deferRequest(ctx, { id, grantType, source }))
  return withPlainFaults(deciding, 'features.deferredTokenResponse.defer failed')
}

/** What is kept of a request of this grant, and the id of its deferral. */
interface Waiting {
  grantType: string
  idOf: (ctx: Context) => string
  source: (ctx: Context) => Promise<JsonObject>
}

function answer(ctx: Context, core: Core, handler: GrantHandler, waiting: Waiting): Promise<void> {
  return isOptedIn(ctx) ? consider(ctx, core, handler, waiting) : handler(ctx)
}

async function consider(
  ctx: Context,
  core: Core,
  handler: GrantHandler,
  { idOf, grantType, source }: Waiting,
): Promise<void> {
  const held = await holdIf(ctx, handler, async (binding): Promise<Held | undefined> => {
    assertRequest(ctx)
    const request = { id: idOf(ctx), grantType, source: await source(ctx), binding }
    const deferring = await considerRequest(ctx, core, request)
    if (!deferring) return undefined
    return { ...request, deferring }
  })
  if (!held) return
  await deferredResponse(ctx, core, held)
}

function codeId(ctx: Context): string {
  return idFrom(String(paramsOf(ctx).code))
}

async function codeSource(ctx: Context): Promise<JsonObject> {
  return sourceOf(ctx.oidc.entities.AuthorizationCode as NonNullable<typeof ctx.oidc.entities.AuthorizationCode>)
}

// a callback that logs what it is asked about must not log these
function withoutSecrets({ client_secret, client_assertion, ...params }: Params): Params {
  return params
}

function deferRequest(
  ctx: Context,
  { id, grantType, source }: { id: string; grantType: string; source: JsonObject },
): DeferRequest {
  const account = accountOf(ctx)
  const { scope, resource, requestedResource, authorizationDetails, requestedDetails } = requested(
    ctx,
    grantType,
    source,
  )
  const details = requestedDetails ?? authorizationDetails
  return {
    id,
    profile: 'oauth',
    client: clientOf(ctx),
    ...(account && { account }),
    grantType,
    scope: new Set(scope),
    resource: requestedResource ?? resource,
    ...(details && { authorizationDetails: details }),
    params: Object.freeze({
      ...withoutSecrets(paramsOf(ctx)),
      completion_mode: bodyOf(ctx)?.completion_mode || undefined,
    }),
  }
}
