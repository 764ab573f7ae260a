import { errors, type Provider } from 'oidc-provider'
import { currentContext } from './context.js'
import { epochTime } from './epoch_time.js'
import type { IssuedToken } from './intercept.js'

/** A refresh token that remembers when the approval behind it ends, in seconds since the epoch. */
type Remembering = { deferralUntil?: number } | undefined

/** Has a token end with the approval behind it, and a refresh token remember that. */
export function capAt(token: IssuedToken, until: number): void {
  const left = until - epochTime()
  // never 0: to the host that means its full default
  if (left < 1) throw new errors.InvalidGrant('the approval has ended')
  const capped = token as IssuedToken & { deferralUntil?: number; expiration: number; expiresIn: number }
  capped.expiresIn = Math.min(capped.expiration, left)
  if (token.kind === 'RefreshToken') capped.deferralUntil = until
}

/** Has refreshed tokens inherit that (E-42). Overrides two models: the host copies into a rotated token what it knows itself. */
export function installUntil(provider: Provider): void {
  inherit(provider.RefreshToken.prototype, 'RotatedRefreshToken')
  inherit(provider.AccessToken.prototype, 'RefreshToken')

  function inherit(prototype: any, from: 'RotatedRefreshToken' | 'RefreshToken'): void {
    const { save } = prototype
    prototype.save = function (this: IssuedToken, ...args: unknown[]) {
      const entities = currentContext(provider)?.oidc?.entities
      const isTheHosts = entities?.[this.kind as 'AccessToken'] === this
      const until = isTheHosts ? (entities?.[from] as Remembering)?.deferralUntil : undefined
      if (until !== undefined) capAt(this, until)
      return save.apply(this, args)
    }
  }
}
