/*
 * AuthZEN Access Request OAuth Profile, "Resolution outcomes", and AuthZEN Profile for OAuth 2.0 Token Issuance, "Error Mapping":
 * the error of a request that is denied at once. It is never one of the four errors of a deferral, and never has the reason of the
 * policy decision point.
 */
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { DeferRequest } from '../index.js'
import type { Concern } from './outcome.js'
import { isExchange } from './request.js'

const denied = 'the policy of this provider does not permit it'

/** The refusal of a denied request. */
export function refusalOf({ profile, grantType, scope }: DeferRequest, concern: Concern): Error {
  if (concern === 'scope') return new errors.InvalidScope(denied, [...scope].join(' '))
  if (concern === 'detail') return new errors.InvalidAuthorizationDetails(denied)
  // the authorization endpoint has no other error for it
  if (profile === 'openid') return new errors.AccessDenied(denied)
  return isExchange(grantType) ? new errors.InvalidTarget(denied) : new errors.InvalidGrant(denied)
}

/** The refusal of a refresh. The refresh token can still be used. */
export function refreshRefusal(): Error {
  return new errors.InvalidGrant(denied)
}

const unavailableStatus = 503
const retrySeconds = 5

/** The refusal if the policy decision point could not be asked. The code or refresh token of the request can still be used. */
export function unavailable(ctx: KoaContextWithOIDC, retryAfter: number, cause: unknown): Error {
  ctx.set('Retry-After', String(Math.max(retryAfter, retrySeconds)))
  const error = new errors.TemporarilyUnavailable('the policy of this provider cannot be asked now', { cause })
  return Object.assign(error, { status: unavailableStatus, statusCode: unavailableStatus })
}
