import { errors } from 'oidc-provider'
import type { Decision, DeferralRecord } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import { type Context, clientOf } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import { isConsentGone, loadValidGrant } from '../host/grants/standing_grant.js'
import { isAllowed } from '../host/overrides/client_rules.js'
import type { IssuedToken } from '../host/overrides/storage.js'
import type { Core } from '../plugin.js'
import { cancelDeferral } from './cancel_deferral.js'

/** Refuses what its client may not have any more, or the integrator takes back (I-129, I-130, E-41). */
export async function assertStillGranted(
  ctx: Context,
  core: Core,
  approved: DeferralRecord,
  { scope = approved.scope, authorizationDetails = approved.authorizationDetails }: Decision,
): Promise<void> {
  const { grantType } = approved
  const client = clientOf(ctx)
  const mayAsk = grantType === undefined || client.grantTypeAllowed(grantType)
  if (!mayAsk || !isAllowed(client, core.internals, { scope, authorizationDetails })) throw noLongerGranted()
  const { reconsider } = core.settings
  if (!reconsider) return
  const reconsidering = (async () => reconsider(ctx, describe(approved)))()
  const stands: unknown = await withPlainFaults(reconsidering, 'features.deferredTokenResponse.reconsider failed')
  if (typeof stands !== 'boolean') throw new TypeError('reconsider must return true or false')
  if (stands) return
  // for good: the client takes access_denied as final
  await cancelDeferral(core, approved.id, { by: 'reconsider' })
  throw new errors.AccessDenied('the deferred request was reconsidered')
}

/** Looks at client, account and Grant once more, and refuses where one was revoked while tokens were minted. */
export async function assertNotRevoked(ctx: Context, core: Core, { clientId, source }: DeferralRecord): Promise<void> {
  const client = await withPlainFaults(core.provider.Client.find(clientId))
  if (!client) throw noLongerGranted()
  await withPlainFaults(loadValidGrant(ctx, core, source))
}

/** Refuses an access token of a code that is left without scope because the end-user has withdrawn all of it meanwhile. */
export function assertConsent(
  token: IssuedToken,
  { internals }: Core,
  { grantType = 'authorization_code', scope: requested }: DeferralRecord,
  { scope = requested }: Decision,
): void {
  if (grantType === 'authorization_code' && isConsentGone(token, internals, scope)) throw noLongerGranted()
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
