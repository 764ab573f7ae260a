/*
 * OAuth 2.0 Deferred Token Response for the integrator's own grants: an assertion that is good today may have expired when the
 * decision falls, so such a grant says what it validated, and issues from that, now or days later.
 */
import { errors, type Provider } from 'oidc-provider'
import type { Binding, JsonObject } from '../../deferral/deferral.js'
import { newId } from '../../deferral/handle.js'
import { deepest, isObject, toJson } from '../../deferral/json.js'
import { callback, checkMembers, listOf, optional, plainObject, string, text } from '../../deferral/shape.js'
import { type Context, clientOf } from '../../host/context.js'
import { withPlainFaults } from '../../host/faults.js'
import { afterProof, runHandler } from '../../host/grants/dry_run.js'
import type { MintRequest } from '../../host/grants/mint.js'
import { assertFresh } from '../../host/grants/proof.js'
import { bind, type KeyShown, keyShown } from '../../host/grants/sender_key.js'
import { loadValidGrant } from '../../host/grants/standing_grant.js'
import { assertSourceNesting } from '../../host/nesting.js'
import { isAllowed } from '../../host/overrides/client_rules.js'
import { installIntercepts, intercept } from '../../host/overrides/storage.js'
import { assertSameHost, type Internals, uncheckedInternalsOf } from '../../host/seams.js'
import { type Core, coreOf } from '../../plugin.js'
import { isAsking } from '../ask_defer.js'
import { requestOf } from '../request_of_source.js'
import { assertRequest } from './completion_mode.js'
import { obstacleOf } from './defer_enforcement.js'
import { deferredResponse } from './deferred_response.js'
import { isHostGrant, undeferrable } from './grants.js'
import { considerRequest } from './token_request.js'

/** A grant of the integrator's that can wait. */
export interface DeferrableGrant<Source extends JsonObject = JsonObject> {
  /**
   * Checks everything about a token request and returns, as plain JSON, what to issue from. Throws the host's errors. Members
   * named as in the host's codes mean the same: `scope` (space-separated), `resource`, `rar` and `claims` are shown to reviewers
   * and narrowed by their decisions, the account of `accountId` and the Grant of `grantId` are looked up again in the end.
   */
  validate: (ctx: Context) => Promise<Source> | Source
  /**
   * Saves the tokens and writes the answer to `ctx.body`, now or days later, from nothing but the source. The key of the request
   * is bound to the tokens it saves for its client; read `expiration` and `tokenType` after that.
   */
  issue: (ctx: Context, source: Source & { clientId: string }) => Promise<void> | void
}

type Issuable = JsonObject & { clientId: string }

const registered = new WeakMap<Provider, Map<string, DeferrableGrant>>()

/**
 * Registers a custom grant as the host's `registerGrantType` does, and lets it be deferred. The plugin verifies DPoP proofs and
 * certificates for it. Where the plugin is not enabled the grant answers at once.
 */
export function registerDeferrableGrant<Source extends JsonObject>(
  provider: Provider,
  name: string,
  theirs: DeferrableGrant<Source>,
  params?: string | string[] | Set<string>,
  dupes?: string | string[] | Set<string>,
): void {
  const grant = theirs as object as DeferrableGrant
  assertSameHost(provider)
  assertGrant(name, grant)
  const grants = registered.get(provider) ?? new Map<string, DeferrableGrant>()
  registered.set(provider, grants.set(name, grant))
  installIntercepts(provider)
  provider.registerGrantType(
    name,
    (ctx) => answer(ctx as Context, provider, name, grant),
    params as string[],
    dupes as string[],
  )
}

/** Whether a grant was registered so. */
export function isDeferrable(provider: Provider, name: string): boolean {
  return registered.get(provider)?.has(name) ?? false
}

/** Issues what was deferred (I-063). */
export function mintFromCustomGrant(core: Core, name: string) {
  const grant = registered.get(core.provider)?.get(name)
  if (!grant) return undefined
  return async (ctx: Context, { source, saveToken }: MintRequest): Promise<void> => {
    await withPlainFaults(loadValidGrant(ctx, core, source))
    const { binding } = await keyShown(ctx, core.provider, core.internals)
    intercept(ctx, {
      isTheirs: true,
      saveToken(token) {
        bind(ctx, token, binding)
        saveToken(token)
      },
    })
    await runHandler(ctx, async () => grant.issue(ctx, source as Issuable), { grant_type: name })
  }
}

async function answer(ctx: Context, provider: Provider, name: string, grant: DeferrableGrant): Promise<void> {
  const core = coreOf(provider)
  const internals = core?.internals ?? uncheckedInternalsOf(provider)
  const handler = core?.handler ?? internals.grantTypeHandlers.get('authorization_code')
  const { binding, proof } = handler
    ? await afterProof(ctx, handler, () => keyShown(ctx, provider, internals))
    : await withoutProof(ctx, provider, internals)
  const source = toSource(ctx, await grant.validate(ctx))
  assertAllowed(ctx, internals, source)
  if (proof) await assertFresh(ctx, provider, internals, proof)
  await withPlainFaults(loadValidGrant(ctx, { provider, internals }, source))
  if (core) await defer(ctx, core, { name, source, binding })
  intercept(ctx, { isTheirs: true, saveToken: (token) => bind(ctx, token, binding) })
  await grant.issue(ctx, source)
}

// only where the plugin is not enabled and the host has no authorization_code grant to verify a proof with
async function withoutProof(ctx: Context, provider: Provider, internals: Internals): Promise<KeyShown> {
  const isProven = internals.configuration.features.dPoP.enabled && ctx.get('DPoP')
  if (isProven) throw new errors.InvalidRequest('DPoP is not supported for this grant type')
  return keyShown(ctx, provider, internals)
}

// throws the answer of a request that has to wait, or its refusal
async function defer(
  ctx: Context,
  core: Core,
  { name, source, binding }: { name: string; source: JsonObject; binding: Binding },
): Promise<void> {
  const obstacle = obstacleOf(ctx, core)
  if (obstacle !== 'grant') assertRequest(ctx)
  if (obstacle && !isAsking(core.settings)) return
  const request = { id: newId(), grantType: name, source, binding }
  const deferring = await considerRequest(ctx, core, { ...request, obstacle })
  if (deferring) await deferredResponse(ctx, core, { ...request, deferring })
}

const strings = listOf('a string', (value) => typeof value === 'string')
/** Members of a source that mean the same as in the host's codes; it may have others. */
const sourceMembers = {
  accountId: optional(string),
  grantId: optional(string),
  scope: optional(string),
  resource: optional((value, at) => strings([value].flat(), at)),
  rar: optional(listOf('a plain object', isObject)),
  claims: optional(plainObject),
}

function toSource(ctx: Context, given: unknown): Issuable {
  if (isObject(given)) assertSourceNesting(given)
  const source = toJson(given, deepest + 1)
  if (!isObject(source)) throw new TypeError('validate must return a plain object of JSON values')
  checkMembers(sourceMembers, source, 'validate:')
  return { ...source, clientId: clientOf(ctx).clientId }
}

// what the client may not have is refused now, as it would be in the end
function assertAllowed(ctx: Context, internals: Internals, source: JsonObject): void {
  const { scope, authorizationDetails } = requestOf(source)
  if (isAllowed(clientOf(ctx), internals, { scope, authorizationDetails })) return
  throw new errors.InvalidScope('requested scope is not allowed', scope.join(' '))
}

function assertGrant(name: unknown, grant: DeferrableGrant): void {
  const grantType = text(name, 'registerDeferrableGrant: name')
  const reason = isHostGrant(grantType) ? 'is a grant of the host, use the option grants' : undeferrable(grantType)
  if (reason) throw new TypeError(`registerDeferrableGrant: ${grantType} ${reason}`)
  checkMembers({ validate: callback(), issue: callback() }, grant, 'registerDeferrableGrant:')
}
