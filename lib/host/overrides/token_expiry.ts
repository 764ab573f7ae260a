import { errors, type Provider } from 'oidc-provider'
import { currentContext } from '../context.js'
import { approvalEndOf, capAt } from '../grants/token_end.js'
import type { IssuedToken } from '../request/intercepts.js'

/**
 * Overrides `save` of two models, so that refreshed tokens end with the same approval (E-42). No public way: into a rotated
 * token the host copies only members that it knows.
 */
export function installTokenExpiry(provider: Provider, now: () => Date): void {
  inherit(provider.RefreshToken.prototype, 'RotatedRefreshToken')
  inherit(provider.AccessToken.prototype, 'RefreshToken')

  function inherit(prototype: any, from: 'RotatedRefreshToken' | 'RefreshToken'): void {
    const { save } = prototype
    prototype.save = function (this: IssuedToken, ...args: unknown[]) {
      const entities = currentContext(provider)?.oidc?.entities
      const isOfHost = entities?.[this.kind as 'AccessToken'] === this
      const until = isOfHost ? approvalEndOf(entities?.[from]) : undefined
      if (until !== undefined && !capAt(this, until, now())) throw new errors.InvalidGrant('the approval has ended')
      return save.apply(this, args)
    }
  }
}
