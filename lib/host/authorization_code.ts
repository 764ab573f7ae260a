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

/** Providers whose adapter was seen to keep a consumed code, as the host's documentation asks for. */
const keepers = new WeakSet<Provider>()

/**
 * Tells later whether the host has revoked a code that was just consumed: it was used again meanwhile. Then the code is gone; an
 * adapter that does not keep a consumed code at all shows it by the Grant, unless the integrator has that kept.
 */
export async function revocationOf(provider: Provider, code: AuthorizationCode): Promise<() => Promise<boolean>> {
  // not by the model: whether the session lives on is no matter here
  const { adapter } = provider.AuthorizationCode as unknown as { adapter: { find(id: string): Promise<unknown> } }
  const isKept = async () => Boolean(await adapter.find(code.jti)) || code.isExpired
  if (!keepers.has(provider) && (await isKept())) keepers.add(provider)
  return async () => {
    if (keepers.has(provider)) return !(await isKept())
    return !(await provider.Grant.find(code.grantId as string, { ignoreExpiration: true }))
  }
}

/** The code again, made from what was kept; it is valid now, was never stored, and cannot be consumed. */
export function codeFrom(provider: Provider, source: JsonObject, { consumed = false } = {}): AuthorizationCode {
  const now = epochTime()
  const code = new (provider as any).AuthorizationCode({ ...source, jti: 'deferred', iat: now, exp: now + 60 })
  if (consumed) code.consumed = now
  return markWaiting(code)
}
