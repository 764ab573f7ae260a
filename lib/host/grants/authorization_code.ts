import type { AuthorizationCode, Provider } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import { epochTime } from '../epoch_time.js'
import { plainSource } from '../nesting.js'
import { markUnsaved } from '../request/intercepts.js'

/**
 * The payload that the host would have stored for this code, without the members of the host's storage and those that the plugin
 * adds. With `isPersistent` the Grant outlives the session, and the payload is not bound to the session. `invalid_request` where
 * a member is nested too deeply.
 */
export async function sourceOf(code: AuthorizationCode, { isPersistent = false } = {}): Promise<JsonObject> {
  // public in the host's documentation of custom formats, not in its types
  const { payload } = await (code as any).getValueAndPayload()
  const { iat, exp, jti, kind, consumed, deferralHint, deferralContext, expiresWithSession, ...source } = payload
  const isBound = expiresWithSession && !isPersistent && !deferralHint
  return plainSource(isBound ? { ...source, expiresWithSession } : source)
}

/** A code made from a stored source; it is valid now, was never stored, and cannot be consumed. */
export function codeFrom(provider: Provider, source: JsonObject, { consumed = false } = {}): AuthorizationCode {
  const now = epochTime()
  const code = new (provider as any).AuthorizationCode({ ...source, jti: 'deferred', iat: now, exp: now + 60 })
  if (consumed) code.consumed = now
  return markUnsaved(code)
}
