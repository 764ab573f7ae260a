/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Authentication Request Acknowledgment": the end-user returns to the client
 * with a deferred_code in place of an authorization code. The deferral is created here.
 */
import type { AuthorizationCode } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import { type HandleKind, newHandle, newId } from '../../deferral/handle.js'
import type { NewDeferral, Stored } from '../../deferral/store.js'
import { type Context, paramsOf, setDeferral } from '../../host/context.js'
import { sourceOf } from '../../host/grants/authorization_code.js'
import { extendGrant } from '../../host/grants/grant_lifetime.js'
import { assertNesting } from '../../host/nesting.js'
import { intercept } from '../../host/request/intercepts.js'
import type { Plugin } from '../../plugin.js'
import { askDefer, type DeferralTerms, hasDefer } from '../ask_defer.js'
import { assertNarrowable } from '../details_limit.js'
import { createWithinCaps } from '../max_pending.js'
import { requestOf, sentScope } from '../request_of_source.js'
import { deferRequest, isAnsweredWithTokens, isDeferrable } from './authorization_request.js'

/** The members of a new deferral that depend on the handle that its client gets. */
export type Front = (hash: string) => Pick<NewDeferral, 'profile' | 'expiresIn'> & Partial<NewDeferral>

const deferredRequests = new WeakSet<Context>()
const deferrableRequests = new WeakSet<Context>()

/** Whether the client asked for `deferred_code`, also after the response type was replaced by `code`. */
export function mayBeDeferred(ctx: Context): boolean {
  return deferrableRequests.has(ctx) || Boolean(ctx.oidc.params && isDeferrable(ctx))
}

/** Decides about a request after its last prompt. It must not write: the host may still refuse the request. */
export async function beforeResponse(ctx: Context, plugin: Plugin): Promise<void> {
  if (!isDeferrable(ctx)) return refuseTokensIfDecided(ctx, plugin)
  deferrableRequests.add(ctx)
  const id = newId()
  // without the word `code` the client accepts no code, so the request must wait
  const mustWait = paramsOf(ctx).response_type === 'deferred_code'
  const terms = await askDefer(ctx, plugin, deferRequest(ctx, id), mustWait)
  paramsOf(ctx).response_type = 'code'
  // without terms the host answers with a code at once (O-016)
  if (terms) intercept(ctx, { saveCode: (code) => create(ctx, plugin, { id, code, terms }) })
}

// tokens of the authorization endpoint cannot wait. For a code `defer` is called when the client redeems it
async function refuseTokensIfDecided(ctx: Context, plugin: Plugin): Promise<void> {
  if (!hasDefer(plugin.settings) || !isAnsweredWithTokens(ctx)) return
  await askDefer(ctx, plugin, { ...deferRequest(ctx), grantType: 'implicit', obstacle: 'grant' })
}

/** Renames `code` to `deferred_code` in the response (O-021, O-022), before the host applies the response mode. */
export function nameDeferredCode(ctx: Context, response: Record<string, unknown>): void {
  if (!deferredRequests.has(ctx)) return
  response.deferred_code = response.code
  delete response.code
}

/** An authorization request that has to wait, and the code that the host has made for it. */
export interface DeferredCodeRequest {
  id: string
  code: AuthorizationCode
  terms: DeferralTerms
}

async function create(ctx: Context, plugin: Plugin, request: DeferredCodeRequest): Promise<string> {
  const { deferredCode } = plugin.settings.ttl
  const front: Front = (hash) => ({ profile: 'openid', codeHash: hash, expiresIn: deferredCode })
  const lives = deferredCode + request.terms.expiresIn
  const { handle } = await createFromCode(ctx, plugin, request, { kind: 'deferred_code', front, lives })
  deferredRequests.add(ctx)
  return handle
}

/** Creates the deferral of an authorization request. The Grant must live for `lives` seconds. */
export async function createFromCode(
  ctx: Context,
  plugin: Plugin,
  { id, code, terms }: DeferredCodeRequest,
  { kind, front, lives }: { kind: HandleKind; front: Front; lives: number },
): Promise<{ handle: string; record: Stored }> {
  const { host, settings, records } = plugin
  const source = await sourceOf(code, { isPersistent: true })
  const request = { ...requestOf(source), ...claimsOf(ctx) }
  assertNarrowable(request.authorizationDetails, settings)
  const { handle, hash } = newHandle(kind, id)
  const record = await createWithinCaps(plugin, request, async () => {
    await extendGrant(ctx, host.provider, code, lives)
    return records.create({
      id,
      ...request,
      ...sentScope(paramsOf(ctx).scope, request.scope),
      ...terms.members,
      context: terms.context,
      interval: terms.interval,
      lifetime: terms.expiresIn,
      source,
      ...front(hash),
    })
  })
  if (!record) throw new Error('a deferral with this id exists')
  setDeferral(ctx, record)
  return { handle, record }
}

// from the parameter, not from the code: the host adds claims for max_age and acr_values to the code
function claimsOf(ctx: Context): { claims?: JsonObject } {
  const { claims } = paramsOf(ctx)
  if (typeof claims !== 'string') return {}
  const parsed = JSON.parse(claims)
  assertNesting('claims', parsed)
  return { claims: parsed }
}
