import { errors } from 'oidc-provider'
import type { Decision, DeferralRecord, JsonObject } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import { beyond } from '../deferral/json.js'
import { beyondDetails, type Narrowing } from '../deferral/narrow.js'
import { type Context, clientOf } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import { isAllowed } from '../host/grants/allowed.js'
import { isConsentGone, loadValidGrant } from '../host/grants/standing_grant.js'
import type { IssuedToken } from '../host/request/intercepts.js'
import type { Plugin } from '../plugin.js'
import { cancelDeferral } from './cancel_deferral.js'

/** Refuses what its client may not have any more, or the integrator takes back (I-129, I-130, E-41). */
export async function assertStillGranted(
  ctx: Context,
  plugin: Plugin,
  approved: DeferralRecord,
  { scope = approved.scope, authorizationDetails = approved.authorizationDetails }: Decision,
): Promise<void> {
  const { grantType } = approved
  const client = clientOf(ctx)
  const mayAsk = grantType === undefined || client.grantTypeAllowed(grantType)
  if (!mayAsk || !isAllowed(client, plugin.host.internals, { scope, authorizationDetails })) throw noLongerGranted()
  const { reconsider } = plugin.settings
  if (!reconsider) return
  const reconsidering = (async () => reconsider(ctx, describe(approved)))()
  const stands: unknown = await withPlainFaults(reconsidering, 'features.deferredTokenResponse.reconsider failed')
  if (typeof stands !== 'boolean') throw new TypeError('reconsider must return true or false')
  if (stands) return
  // for good: the client takes access_denied as final
  await cancelDeferral(plugin, approved.id, { by: 'reconsider' })
  throw new errors.AccessDenied('the deferred request was reconsidered')
}

/** Looks at client, account and Grant once more, and refuses where one was revoked while tokens were minted. */
export async function assertNotRevoked(
  ctx: Context,
  plugin: Plugin,
  { clientId, source }: DeferralRecord,
): Promise<void> {
  const client = await withPlainFaults(plugin.host.provider.Client.find(clientId))
  if (!client) throw noLongerGranted()
  await withPlainFaults(loadValidGrant(ctx, plugin.host, source))
}

/** Refuses an access token of a code that is left without scope because the end-user has withdrawn all of it meanwhile. */
export function assertConsent(
  token: IssuedToken,
  { host }: Plugin,
  { grantType = 'authorization_code', scope: requested }: DeferralRecord,
  { scope = requested }: Decision,
): void {
  if (grantType === 'authorization_code' && isConsentGone(token, host.internals, scope)) throw noLongerGranted()
}

/** What the integrator's callbacks compute at mint time must not undo what a reviewer narrowed (E-32). */
export function assertWithin(
  token: IssuedToken,
  { scope, resource, authorizationDetails }: Decision,
  narrowing: Narrowing,
): void {
  const { scope: issued, rar } = withPlainDetails(token)
  const widerScope = scope && beyond(issued?.split(' ').filter(Boolean) ?? [], scope)
  const widerDetails = authorizationDetails && beyondDetails(rar ?? [], authorizationDetails, narrowing)
  const widerResource = resource && beyond(resourceOf(token), resource)
  const members = { scope: widerScope, resource: widerResource, authorization_details: widerDetails }
  for (const [name, wider] of Object.entries(members)) {
    if (wider?.length) throw new Error(`the ${name} of the token are wider than what was requested and decided`)
  }
}

/** The refusal of what was granted once. */
export function noLongerGranted(detail?: string): Error {
  return new errors.AccessDenied('the authorization no longer holds', detail)
}

/** Whether the host refuses now what it accepted then: a resource server, scope or type of details is gone. */
export function isOutlived(error: unknown): error is Error {
  const { InvalidScope, InvalidTarget, InvalidAuthorizationDetails } = errors
  return [InvalidScope, InvalidTarget, InvalidAuthorizationDetails].some((refusal) => error instanceof refusal)
}

// a plain copy, so that the compared value is the stored one: a toJSON or a getter could give another value later
function withPlainDetails(issued: IssuedToken): { scope?: string; rar?: JsonObject[] } {
  const token = issued as { scope?: string; rar?: JsonObject[] }
  if (token.rar !== undefined) token.rar = JSON.parse(JSON.stringify(token.rar))
  return token
}

function resourceOf(token: IssuedToken): string[] {
  const { resource, resourceServer } = token as {
    resource?: string | string[]
    resourceServer?: { identifier(): string }
  }
  return [resource ?? resourceServer?.identifier() ?? []].flat()
}
