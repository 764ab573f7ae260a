/*
 * OAuth 2.0, "Authorization Response": a code that is used again is a theft signal. Whatever it led to ends, be it tokens or a
 * deferral (C-I17).
 */
import { type AuthorizationCode, errors } from 'oidc-provider'
import type { Core } from '../core.js'
import type { Cancellation } from '../deferral/store.js'
import { revocationOf } from '../host/authorization_code.js'
import { revokeIssued } from '../host/code_reuse.js'
import type { Context } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import { cancelDeferral } from '../profile/cancellation.js'

/** Ends the deferral with the id of a code that was used again; the host has revoked what was issued by then. */
export async function endReplayed(core: Core, id: string, cancellation: Cancellation = {}): Promise<void> {
  if (await cancelDeferral(core, id, cancellation)) return
  const deferral = await core.records.find(id)
  // redeemed while the host was revoking; whatever was issued was stored before that
  if (deferral?.status === 'redeemed' && deferral.grantId) await revokeIssued(core.provider, deferral.grantId)
}

/** What ends a new deferral, and throws, when its code was used again after it was consumed and before there was a deferral. */
export async function reuseGuard(ctx: Context, core: Core, id: string): Promise<() => Promise<void>> {
  const { AuthorizationCode: code } = ctx.oidc.entities
  const isRevoked = await withPlainFaults(revocationOf(core.provider, code as AuthorizationCode))
  return async () => {
    // to be told nothing: it never gets the handle
    if (await withPlainFaults(isRevoked())) await refuseReplayed(core, id, { isByClient: true })
  }
}

/** Ends the deferral, and refuses the request as the host refuses a code that was used before. */
export async function refuseReplayed(core: Core, id: string, cancellation: Cancellation = {}): Promise<never> {
  await endReplayed(core, id, cancellation)
  throw new errors.InvalidGrant('authorization code already consumed')
}
