import { errors, type Grant, type Provider } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import type { Context } from '../context.js'
import { withPlainFaults } from '../faults.js'
import type { GrantHost } from '../host.js'
import type { IssuedToken } from '../request/intercepts.js'
import type { Internals } from '../seams.js'

/** The refusal of a request that was approved but is not allowed any more. */
export function noLongerGranted(detail?: string): Error {
  return new errors.AccessDenied('the authorization no longer holds', detail)
}

/** The Grant of a source; `undefined` if it is missing, has expired, or belongs to another client or account. */
export async function validGrant(provider: Provider, source: JsonObject): Promise<Grant | undefined> {
  const grant = await withPlainFaults(provider.Grant.find(source.grantId as string, { ignoreExpiration: true }))
  const isValid =
    grant && !grant.isExpired && grant.clientId === source.clientId && grant.accountId === source.accountId
  return isValid ? grant : undefined
}

/**
 * Loads the Grant and the account of a source into `ctx.oidc.entities`, if the source names any. Throws `access_denied` if one
 * of them is not valid any more (I-129, I-130).
 */
export async function loadValidGrant(
  ctx: Context,
  { provider, internals }: GrantHost,
  source: JsonObject,
): Promise<void> {
  const { accountId, grantId } = source as { accountId?: string; grantId?: string }
  if (grantId !== undefined) {
    const grant = await validGrant(provider, source)
    if (!grant) throw noLongerGranted()
    ctx.oidc.entity('Grant', grant)
  }
  if (accountId === undefined) return
  const account = await internals.configuration.findAccount(ctx, accountId)
  if (!account) throw noLongerGranted()
  ctx.oidc.entity('Account', account)
}

/**
 * Whether the end-user has withdrawn all scopes of this access token: it has neither scope nor authorization details, although
 * the client asked for scopes of its resource server.
 */
export function isConsentGone(
  token: IssuedToken,
  { configuration }: Internals,
  requestedScope: readonly string[],
): boolean {
  const { scope, rar, resourceServer } = token as {
    scope?: string
    rar?: unknown
    resourceServer?: { scopes: Set<string> }
  }
  if (token.kind !== 'AccessToken' || scope || rar) return false
  return requestedScope.some((name) => (resourceServer ?? configuration).scopes.has(name))
}

/** Revokes the tokens of a Grant, as the host does when a code is used again. */
export async function revokeIssued(provider: Provider, grantId: string): Promise<void> {
  const { AccessToken, RefreshToken } = provider
  await withPlainFaults(Promise.all([AccessToken.revokeByGrantId(grantId), RefreshToken.revokeByGrantId(grantId)]))
}
