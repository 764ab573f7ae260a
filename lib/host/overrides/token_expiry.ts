import { errors, type Provider } from 'oidc-provider'
import { currentContext } from '../context.js'
import { capAt } from '../grants/token_end.js'
import type { IssuedToken } from '../request/intercepts.js'

/** A refresh token that remembers when the approval behind it ends, in seconds since the epoch by the clock that decides. */
type Remembering = { deferralUntil?: number } | undefined

/**
 * Ends refreshed tokens with the same approval (E-42). Overrides two models: the host copies only members it knows into a rotated
 * token.
 */
export function installTokenExpiry(provider: Provider, now: () => Date): void {
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
