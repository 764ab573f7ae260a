import type { AuthorizationCode, Provider } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import { epochTime } from '../epoch_time.js'
import { plainSource } from '../nesting.js'
import { markUnsaved } from '../request/intercepts.js'

/**
 * The payload that the host would store for this code, without its storage members (`iat`, `exp`, `jti` ...) and without the
 * plugin's own members. With `isPersistent` the source is not bound to the session of the end-user. Throws `invalid_request` if
 * a member is nested too deeply.
 */
export async function sourceOf(code: AuthorizationCode, { isPersistent = false } = {}): Promise<JsonObject> {
  // the host documents this method for custom token formats; its types lack it
  const { payload } = await (code as any).getValueAndPayload()
  const { iat, exp, jti, kind, consumed, deferralHint, deferralContext, expiresWithSession, ...source } = payload
  const isBound = expiresWithSession && !isPersistent && !deferralHint
  return plainSource(isBound ? { ...source, expiresWithSession } : source)
}

/** Makes a code from a stored source. It is valid for 60 seconds. It is not stored, and `consume` does nothing. */
export function codeFrom(provider: Provider, source: JsonObject, { consumed = false } = {}): AuthorizationCode {
  const now = epochTime()
  const code = new (provider as any).AuthorizationCode({ ...source, jti: 'deferred', iat: now, exp: now + 60 })
  if (consumed) code.consumed = now
  return markUnsaved(code)
}
