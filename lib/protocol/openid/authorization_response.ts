/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Authentication Response": the end-user is sent back with a
 * deferred_code, which is to a deferral what a code is to a grant.
 */
import type { AuthorizationCode } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import { newHandle, newId } from '../../deferral/handle.js'
import { type Context, paramsOf, setDeferral } from '../../host/context.js'
import { sourceOf } from '../../host/grants/authorization_code.js'
import { outlive } from '../../host/grants/grant_lifetime.js'
import { assertNesting } from '../../host/nesting.js'
import { intercept } from '../../host/request/intercepts.js'
import type { Plugin } from '../../plugin.js'
import { askDefer, type Deferred, isAsking } from '../ask_defer.js'
import { assertNarrowable } from '../details_limit.js'
import { requestOf, sentScope } from '../request_of_source.js'
import { isAnsweredWithTokens, isDeferrable, question } from './authorization_request.js'

const deferred = new WeakSet<Context>()
const considered = new WeakSet<Context>()

/** Whether this request asks for `deferred_code`, whatever its response type is by now. */
export function mayBeDeferred(ctx: Context): boolean {
  return considered.has(ctx) || Boolean(ctx.oidc.params && isDeferrable(ctx))
}

/** Runs when every prompt is resolved. Writes nothing: the host may still refuse the request. */
export async function beforeResponse(ctx: Context, plugin: Plugin): Promise<void> {
  if (!isDeferrable(ctx)) return guardTokens(ctx, plugin)
  considered.add(ctx)
  const id = newId()
  const isCodeRefused = paramsOf(ctx).response_type === 'deferred_code'
  const deferring = await askDefer(ctx, plugin.settings, question(ctx, id), isCodeRefused)
  paramsOf(ctx).response_type = 'code'
  // else the request is answered with a code at once (O-016)
  if (deferring) intercept(ctx, { saveCode: (code) => create(ctx, plugin, { id, code, deferring }) })
}

// tokens of this endpoint cannot wait; for a code `defer` is called when it is redeemed
async function guardTokens(ctx: Context, { settings }: Plugin): Promise<void> {
  if (!isAsking(settings) || !isAnsweredWithTokens(ctx)) return
  await askDefer(ctx, settings, { ...question(ctx), grantType: 'implicit', obstacle: 'grant' })
}

/** Gives the reference its own name (O-021, O-022), in whatever response mode the host is about to use. */
export function nameDeferredCode(ctx: Context, response: Record<string, unknown>): void {
  if (!deferred.has(ctx)) return
  response.deferred_code = response.code
  delete response.code
}

async function create(
  ctx: Context,
  plugin: Plugin,
  { id, code, deferring }: { id: string; code: AuthorizationCode; deferring: Deferred },
): Promise<string> {
  const { host, settings, records } = plugin
  const { deferredCode } = settings.ttl
  const source = await sourceOf(code, { isPersistent: true })
  const request = { ...requestOf(source), ...claimsOf(ctx) }
  assertNarrowable(request.authorizationDetails, settings)
  await outlive(ctx, host.provider, code, deferredCode + deferring.expiresIn)
  const { handle, hash } = newHandle('deferred_code', id)
  const record = await records.create({
    id,
    profile: 'openid',
    ...request,
    ...sentScope(paramsOf(ctx).scope, request.scope),
    context: deferring.context,
    interval: deferring.interval,
    lifetime: deferring.expiresIn,
    codeHash: hash,
    source,
    expiresIn: deferredCode,
  })
  if (!record) throw new Error('a deferral with this id exists')
  deferred.add(ctx)
  setDeferral(ctx, record)
  return handle
}

// the client's own; the host adds to them on account of max_age and acr_values
function claimsOf(ctx: Context): { claims?: JsonObject } {
  const { claims } = paramsOf(ctx)
  if (typeof claims !== 'string') return {}
  const parsed = JSON.parse(claims)
  assertNesting('claims', parsed)
  return { claims: parsed }
}
