import { type AuthorizationCode, errors, type Provider } from 'oidc-provider'
import { bodyOf, currentContext, paramsOf } from './context.js'
import { outlive } from './grant.js'
import { isWaiting } from './intercept.js'

/** How the hint is read, and for how many seconds a deferral that follows it may run. */
export interface Hint {
  accepts: (completionMode: unknown) => boolean
  lifetime: number
}

type Code = AuthorizationCode & { deferralHint?: boolean; expiration: number }
type DeviceCode = { params?: { completion_mode?: unknown } }

/**
 * Remembers with a code that its client announced it could wait (I-024), and refuses to consume the code for a token request
 * that has forgotten it (I-030): nothing has been written by then, the code survives (C-I07). Overrides two models: the host
 * has no hook between finding a code and consuming it.
 */
export function installHint(provider: Provider, hint: Hint): void {
  const { AuthorizationCode, DeviceCode } = provider as any
  const { save } = AuthorizationCode.prototype

  AuthorizationCode.prototype.save = async function (this: Code, ...args: unknown[]) {
    const ctx = currentContext(provider)
    const isHinted = ctx?.oidc?.entities.AuthorizationCode === this && hint.accepts(paramsOf(ctx).completion_mode)
    if (ctx && isHinted) {
      this.deferralHint = true
      await outlive(ctx, provider, this, this.expiration + hint.lifetime)
    }
    return save.apply(this, args)
  }

  refuseForgotten(AuthorizationCode.prototype, (code: Code) => code.deferralHint === true && !isWaiting(code))
  refuseForgotten(DeviceCode.prototype, ({ params }: DeviceCode) => hint.accepts(params?.completion_mode))

  function refuseForgotten<T>(prototype: any, isHinted: (code: T) => boolean): void {
    const { consume } = prototype
    prototype.consume = function (this: T, ...args: unknown[]) {
      const ctx = currentContext(provider)
      if (ctx && isHinted(this) && !hint.accepts(bodyOf(ctx)?.completion_mode)) {
        throw new errors.InvalidRequest('completion_mode must list deferred again, as it did in the request before')
      }
      return consume.apply(this, args)
    }
  }
}
