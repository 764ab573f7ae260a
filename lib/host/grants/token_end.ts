import { epochTime } from '../epoch_time.js'
import type { IssuedToken } from '../request/intercepts.js'

/** A refresh token of an approval that ends: `deferralUntil` is that end, in epoch seconds by the store's clock. */
type LimitedToken = { deferralUntil?: number }

/** When the approval of a refresh token ends, in epoch seconds by the store's clock; `undefined`: it does not end. */
export function approvalEndOf(token: object | undefined): number | undefined {
  return (token as LimitedToken | undefined)?.deferralUntil
}

/** Makes the tokens that are refreshed with this token in this request end at `until`. What is stored stays as it is. */
export function endRefreshed(token: object, until: number): void {
  Object.assign(token, { deferralUntil: Math.min(approvalEndOf(token) ?? until, until) })
}

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
