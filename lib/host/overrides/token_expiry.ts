import { errors, type Provider } from 'oidc-provider'
import { currentContext } from '../context.js'
import { epochTime } from '../epoch_time.js'
import type { IssuedToken } from './storage.js'

/** A refresh token that remembers when the approval behind it ends, in seconds since the epoch by the clock that decides. */
type Remembering = { deferralUntil?: number } | undefined

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

/**
 * Ends refreshed tokens with the same approval (E-42). Overrides two models: the host copies only members it knows into a rotated
 * token.
 */
export function installUntil(provider: Provider, now: () => Date): void {
  inherit(provider.RefreshToken.prototype, 'RotatedRefreshToken')
  inherit(provider.AccessToken.prototype, 'RefreshToken')

  function inherit(prototype: any, from: 'RotatedRefreshToken' | 'RefreshToken'): void {
    const { save } = prototype
    prototype.save = function (this: IssuedToken, ...args: unknown[]) {
      const entities = currentContext(provider)?.oidc?.entities
      const isTheHosts = entities?.[this.kind as 'AccessToken'] === this
      const until = isTheHosts ? (entities?.[from] as Remembering)?.deferralUntil : undefined
      if (until !== undefined && !capAt(this, until, now())) throw new errors.InvalidGrant('the approval has ended')
      return save.apply(this, args)
    }
  }
}
