import { errors, type Provider } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import type { Context } from '../context.js'
import { withPlainFaults } from '../faults.js'
import type { GrantHost } from '../host.js'
import type { IssuedToken } from '../request/intercepts.js'
import type { Internals } from '../seams.js'
import { validGrant } from './mint.js'

/** Makes account and Grant of a source known to the host, if it has any; gone ones are `access_denied` (I-129, I-130). */
export async function loadValidGrant(
  ctx: Context,
  { provider, internals }: GrantHost,
  source: JsonObject,
): Promise<void> {
  const { accountId, grantId } = source as { accountId?: string; grantId?: string }
  if (grantId !== undefined) {
    const grant = await validGrant(provider, source)
    if (!grant) throw new errors.AccessDenied('the authorization no longer holds')
    ctx.oidc.entity('Grant', grant)
  }
  if (accountId === undefined) return
  const account = await internals.configuration.findAccount(ctx, accountId)
  if (!account) throw new errors.AccessDenied('the authorization no longer holds')
  ctx.oidc.entity('Account', account)
}

/** Whether an access token of the host is left without anything although scopes of its kind were asked for. */
export function isConsentGone(token: IssuedToken, { configuration }: Internals, asked: readonly string[]): boolean {
  const { scope, rar, resourceServer } = token as {
    scope?: string
    rar?: unknown
    resourceServer?: { scopes: Set<string> }
  }
  if (token.kind !== 'AccessToken' || scope || rar) return false
  return asked.some((one) => (resourceServer ?? configuration).scopes.has(one))
}

/** Revokes what was issued from a Grant, as the host does for a code that is used again. */
export async function revokeIssued(provider: Provider, grantId: string): Promise<void> {
  const { AccessToken, RefreshToken } = provider
  await withPlainFaults(Promise.all([AccessToken.revokeByGrantId(grantId), RefreshToken.revokeByGrantId(grantId)]))
}
