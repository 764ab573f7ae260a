import { epochTime } from '../epoch_time.js'
import type { IssuedToken } from '../request/intercepts.js'

/**
 * Limits the lifetime of a token to the end of its approval, and writes that end to a refresh token. `until` (epoch seconds)
 * and `now` are times of the store's clock. The host expires tokens by the clock of this node, so the difference is corrected.
 * Returns `false` if less than a second is left: the host would replace a lifetime of 0 seconds by its default.
 */
export function capAt(token: IssuedToken, until: number, now: Date): boolean {
  const untilHere = until * 1000 + (Date.now() - now.getTime())
  const left = Math.floor(untilHere / 1000) - epochTime()
  if (left < 1) return false
  const capped = token as IssuedToken & { deferralUntil?: number; expiration: number; expiresIn: number }
  capped.expiresIn = Math.min(capped.expiration, left)
  if (token.kind === 'RefreshToken') capped.deferralUntil = until
  return true
}
