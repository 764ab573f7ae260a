/*
 * Not in the drafts: tells their requests from all other requests of the host, so that `host/overrides/server_errors.ts` can
 * answer faults.
 */
import { isHandle } from '../deferral/handle.js'
import { bodyOf, type Context } from '../host/context.js'
import type { Rules } from '../host/overrides/install.js'
import { isCancellation } from '../host/request/token_route.js'
import { mayBeDirect } from './oauth/direct_authorization.js'
import * as oauth from './oauth/names.js'
import { mayBeDeferred } from './openid/authorization_response.js'
import * as openid from './openid/names.js'

const grantTypes: unknown[] = [openid.grantType, oauth.grantType]

/** Recognises the requests by their parameters: a fault may come before the client is known. */
export const ourRequests: Rules['requests'] = {
  isOurs: (ctx) => isDeferralRequest(ctx) || offersToWait(ctx) || mayBeDeferred(ctx) || mayBeDirect(ctx),
  // with a known client the host may answer such a request at once, and an integrator's error may be meant as a 4xx
  isPlain: (ctx) => isDeferralRequest(ctx) || (offersToWait(ctx) && !ctx.oidc.client),
}

function isDeferralRequest(ctx: Context): boolean {
  const { grant_type: grantType, token } = bodyOf(ctx) ?? {}
  return isCancellation(ctx) || grantTypes.includes(grantType) || (typeof token === 'string' && isHandle(token))
}

function offersToWait(ctx: Context): boolean {
  return Boolean(bodyOf(ctx)?.completion_mode)
}
