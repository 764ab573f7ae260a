/*
 * OAuth 2.0 Deferred Token Response, "Polling": the client polls with a grant type of its own. `poll.ts` answers.
 */
import { errors } from 'oidc-provider'
import { type Context, paramsOf } from '../../host/context.js'
import type { Plugin } from '../../plugin.js'
import { poll } from '../poll.js'
import { tracedRequest } from '../traced_request.js'

/** The parameters that the grant declares to the host. */
export const parameters = ['deferral_code']

/** The handler of the deferred grant. */
export async function handleDeferredGrant(ctx: Context, plugin: Plugin): Promise<void> {
  const { deferral_code: deferralCode } = paramsOf(ctx)
  if (typeof deferralCode !== 'string') throw new errors.InvalidRequest("missing required parameter 'deferral_code'")
  return tracedRequest(ctx, plugin, 'poll', () => poll(ctx, plugin, 'deferral_code', deferralCode))
}
