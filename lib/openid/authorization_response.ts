/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Authentication Response": the end-user is sent back with a
 * deferred_code, which is to a deferral what a code is to a grant.
 */
import type { AuthorizationCode } from 'oidc-provider'
import type { Core } from '../core.js'
import { describe, type JsonObject } from '../deferral/deferral.js'
import { newHandle, newId } from '../deferral/handle.js'
import { sourceOf } from '../host/authorization_code.js'
import { type Context, paramsOf } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import { outlive } from '../host/grant.js'
import { intercept } from '../host/intercept.js'
import { askDefer, type Deferred } from '../profile/defer.js'
import { reviewed } from '../profile/reviewed.js'
import { deferRequest, isDeferrable } from './authorization_request.js'

const deferred = new WeakSet<Context>()

/** Runs when every prompt is resolved. Writes nothing: the host may still refuse the request. */
export async function beforeResponse(ctx: Context, core: Core): Promise<void> {
  if (!isDeferrable(ctx)) return
  const id = newId()
  const isCodeRefused = paramsOf(ctx).response_type === 'deferred_code'
  const deciding = askDefer(ctx, core.settings, deferRequest(ctx, id), isCodeRefused)
  const deferring = await withPlainFaults(deciding, 'features.deferredTokenResponse.defer failed')
  paramsOf(ctx).response_type = 'code'
  // else the request is answered with a code at once (O-016)
  if (deferring) intercept(ctx, { saveCode: (code) => create(ctx, core, { id, code, deferring }) })
}

/** Gives the reference its own name (O-021, O-022), in whatever response mode the host is about to use. */
export function nameDeferredCode(ctx: Context, response: Record<string, unknown>): void {
  if (!deferred.has(ctx)) return
  response.deferred_code = response.code
  delete response.code
}

async function create(
  ctx: Context,
  core: Core,
  { id, code, deferring }: { id: string; code: AuthorizationCode; deferring: Deferred },
): Promise<string> {
  const { provider, settings, store } = core
  const { deferredCode } = settings.ttl
  await outlive(ctx, provider, code, deferredCode + deferring.expiresIn)
  const source = await sourceOf(code)
  const { handle, hash } = newHandle('deferred_code', id)
  const record = await store.create(
    {
      id,
      profile: 'openid',
      ...reviewed(source),
      ...claimsOf(ctx),
      context: deferring.context,
      interval: deferring.interval,
      lifetime: deferring.expiresIn,
      codeHash: hash,
      source,
      expiresIn: deferredCode,
    },
    settings.clock(),
  )
  deferred.add(ctx)
  const created = describe(record)
  ctx.oidc.entity('Deferral', created)
  core.announce('created', created)
  return handle
}

// the client's own; the host adds to them on account of max_age and acr_values
function claimsOf(ctx: Context): { claims?: JsonObject } {
  const { claims } = paramsOf(ctx)
  return typeof claims === 'string' ? { claims: JSON.parse(claims) } : {}
}
