import type { AuthorizationCode, Provider } from 'oidc-provider'
import type { JsonObject } from '../deferral/deferral.js'
import { epochTime } from './epoch_time.js'
import { markWaiting } from './intercept.js'
import { plainSource } from './nesting.js'

/**
 * What the host would have stored of this code, without what belongs to its own storage, or was added to it. A code whose Grant
 * outlives the session is no longer bound to it. `invalid_request` where that is nested too deeply to be kept.
 */
export async function sourceOf(code: AuthorizationCode, { isPersistent = false } = {}): Promise<JsonObject> {
  // public in the host's documentation of custom formats, not in its types
  const { payload } = await (code as any).getValueAndPayload()
  const { iat, exp, jti, kind, consumed, deferralHint, deferralContext, expiresWithSession, ...source } = payload
  const isBound = expiresWithSession && !isPersistent && !deferralHint
  return plainSource(isBound ? { ...source, expiresWithSession } : source)
}

/** The code again, made from what was kept; it is valid now, was never stored, and cannot be consumed. */
export function codeFrom(provider: Provider, source: JsonObject, { consumed = false } = {}): AuthorizationCode {
  const now = epochTime()
  const code = new (provider as any).AuthorizationCode({ ...source, jti: 'deferred', iat: now, exp: now + 60 })
  if (consumed) code.consumed = now
  return markWaiting(code)
}
