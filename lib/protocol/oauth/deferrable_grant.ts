/*
 * OAuth 2.0 Deferred Token Response, "Token Request", for custom grants of the integrator: `validate` checks a request once and
 * returns its result, and `issue` makes the tokens from that result, now or days later.
 */
import { errors, type Provider } from 'oidc-provider'
import type { Binding, JsonObject } from '../../deferral/deferral.js'
import { newId } from '../../deferral/handle.js'
import { deepest, isObject, toJson } from '../../deferral/json.js'
import { callback, checkMembers, listOf, optional, plainObject, string, text } from '../../deferral/shape.js'
import { type Context, clientOf } from '../../host/context.js'
import { withPlainFaults } from '../../host/faults.js'
import { narrowToken } from '../../host/grants/allowed_tokens.js'
import { isAllowed } from '../../host/grants/client_access.js'
import { assertFresh, verifyProof } from '../../host/grants/proof.js'
import { bind, senderKey } from '../../host/grants/sender_key.js'
import { loadValidGrant } from '../../host/grants/valid_grant.js'
import { type GrantHost, grantHostOf } from '../../host/host.js'
import { assertSourceNesting } from '../../host/nesting.js'
import { installGrantOverrides } from '../../host/overrides/install.js'
import { intercept } from '../../host/request/intercepts.js'
import { assertSameHost } from '../../host/seams.js'
import { isHostGrant, undeferrable } from '../../options/grants.js'
import { type Plugin, pluginOf } from '../../plugin.js'
import { hasDefer } from '../ask_defer.js'
import { requestOf } from '../request_of_source.js'
import { assertRequest } from './completion_mode.js'
import { addCustomGrant, type CustomSource, type DeferrableGrant } from './custom_grants.js'
import { obstacleOf } from './defer_enforcement.js'
import { deferredResponse } from './deferred_response.js'
import { askAboutTokenRequest } from './token_request.js'

/**
 * Registers a custom grant as the host's `registerGrantType` does, and lets it be deferred. The plugin verifies DPoP proofs and
 * certificates for it. If the plugin is not enabled, the grant answers at once.
 */
export function registerDeferrableGrant<Source extends JsonObject>(
  provider: Provider,
  name: string,
  definition: DeferrableGrant<Source>,
  params?: string | string[] | Set<string>,
  dupes?: string | string[] | Set<string>,
): void {
  const grant = definition as object as DeferrableGrant
  assertSameHost(provider)
  assertGrant(name, grant)
  addCustomGrant(provider, name, grant)
  installGrantOverrides(provider)
  provider.registerGrantType(
    name,
    (ctx) => answerOrDefer(ctx as Context, provider, name, grant),
    params as string[],
    dupes as string[],
  )
}

async function answerOrDefer(ctx: Context, provider: Provider, name: string, grant: DeferrableGrant): Promise<void> {
  const plugin = pluginOf(provider)
  const host: GrantHost = plugin?.host ?? grantHostOf(provider)
  await verifyProof(ctx, host)
  const { binding, proof } = await senderKey(ctx, host)
  const source = toSource(ctx, await grant.validate(ctx))
  assertAllowed(ctx, host, source)
  if (proof) await assertFresh(ctx, host, proof)
  await withPlainFaults(loadValidGrant(ctx, host, source))
  if (plugin) await deferIfDecided(ctx, plugin, { name, source, binding })
  intercept(ctx, {
    isCustomGrant: true,
    saveToken(token) {
      bind(ctx, token, binding)
      narrowToken(ctx, token)
    },
  })
  await grant.issue(ctx, source)
}

// throws the pending answer of a request that has to wait, or its refusal
async function deferIfDecided(
  ctx: Context,
  plugin: Plugin,
  { name, source, binding }: { name: string; source: JsonObject; binding: Binding },
): Promise<void> {
  const obstacle = obstacleOf(ctx, plugin)
  if (obstacle !== 'grant') assertRequest(ctx)
  if (obstacle && !hasDefer(plugin.settings)) return
  const request = { id: newId(), grantType: name, source, binding }
  const terms = await askAboutTokenRequest(ctx, plugin, { ...request, obstacle })
  if (terms) await deferredResponse(ctx, plugin, { ...request, terms })
}

const strings = listOf('a string', (value) => typeof value === 'string')
/** Members of a source with the same meaning as in the host's codes. A source may have other members. */
const sourceMembers = {
  accountId: optional(string),
  grantId: optional(string),
  scope: optional(string),
  resource: optional((value, at) => strings([value].flat(), at)),
  rar: optional(listOf('a plain object', isObject)),
  claims: optional(plainObject),
}

function toSource(ctx: Context, value: unknown): CustomSource {
  if (isObject(value)) assertSourceNesting(value)
  const source = toJson(value, deepest + 1)
  if (!isObject(source)) throw new TypeError('validate must return a plain object of JSON values')
  checkMembers(sourceMembers, source, 'validate:')
  return { ...source, clientId: clientOf(ctx).clientId }
}

// a request beyond the client's permissions would be refused when tokens are minted, so it is refused now
function assertAllowed(ctx: Context, { internals }: GrantHost, source: JsonObject): void {
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
