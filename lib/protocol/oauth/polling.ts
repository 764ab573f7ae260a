/*
 * OAuth 2.0 Deferred Token Response, "Polling": a grant type of its own, and the only way for a client to advance a deferral.
 */
import { errors } from 'oidc-provider'
import { type Context, paramsOf } from '../../host/context.js'
import type { Plugin } from '../../plugin.js'
import { poll } from '../poll.js'

/** The parameters the grant declares to the host. */
export const parameters = ['deferral_code']

/** The handler of the deferred grant. */
export async function handleDeferredGrant(ctx: Context, plugin: Plugin): Promise<void> {
  const { deferral_code: deferralCode } = paramsOf(ctx)
  if (typeof deferralCode !== 'string') throw new errors.InvalidRequest("missing required parameter 'deferral_code'")
  return poll(ctx, plugin, 'deferral_code', deferralCode)
}
