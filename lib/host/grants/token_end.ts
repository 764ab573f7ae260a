import { epochTime } from '../epoch_time.js'
import type { IssuedToken } from '../request/intercepts.js'

/**
 * Ends a token with the approval behind it, and stores that end in a refresh token. `until` and `now` are times of the clock that
 * decides. The token ends by the clock of this node, as all tokens of the host do. `false`: less than a second is left, and the
 * host takes 0 seconds for its full default.
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
