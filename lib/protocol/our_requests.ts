import { isHandle } from '../deferral/handle.js'
import { bodyOf, type Context } from '../host/context.js'
import type { Rules } from '../host/overrides/install.js'
import { isCancellation } from '../host/request/token_route.js'
import * as oauth from './oauth/names.js'
import { mayBeDeferred } from './openid/authorization_response.js'
import * as openid from './openid/names.js'

const grantTypes: unknown[] = [openid.grantType, oauth.grantType]

/** Whose faults are answered as ours. What was sent decides: the fault may come before the client is known. */
export const ourRequests: Rules['requests'] = {
  isOurs: (ctx) => isAtDoor(ctx) || offersToWait(ctx) || mayBeDeferred(ctx),
  // once its client is known, such a request may be answered by the host, and refused by whatever the integrator throws
  isPlain: (ctx) => isAtDoor(ctx) || (offersToWait(ctx) && !ctx.oidc.client),
}

function isAtDoor(ctx: Context): boolean {
  const { grant_type: grantType, token } = bodyOf(ctx) ?? {}
  return isCancellation(ctx) || grantTypes.includes(grantType) || (typeof token === 'string' && isHandle(token))
}

function offersToWait(ctx: Context): boolean {
  return Boolean(bodyOf(ctx)?.completion_mode)
}
