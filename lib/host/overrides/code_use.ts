import type { AuthorizationCode, Provider } from 'oidc-provider'
import { currentContext, paramsOf } from '../context.js'
import { codeUse, noteCodeUse } from '../request/code_use.js'

type Consumable = AuthorizationCode & { consumed?: unknown }

/**
 * Overrides `AuthorizationCode.find` and `consume` to note the state of the code of each token request. No public way: the host
 * answers `invalid_grant` to a used code, an unknown code and a wrong verifier alike, and has no hook that tells them apart.
 */
export function installCodeUse(provider: Provider): void {
  const { AuthorizationCode } = provider as any
  const { find } = AuthorizationCode
  const { consume } = AuthorizationCode.prototype

  AuthorizationCode.find = async function (this: unknown, value: string, ...args: unknown[]) {
    const code: Consumable | undefined = await find.call(this, value, ...args)
    const ctx = currentContext(provider)
    const isSent = ctx?.oidc.route === 'token' && paramsOf(ctx)?.code === value
    // a callback may look the code up again after the consumption
    if (isSent && !codeUse(ctx)?.isConsumer)
      noteCodeUse(ctx, { code, isSpent: Boolean(code?.consumed), isConsumer: false })
    return code
  }
  AuthorizationCode.prototype.consume = async function (this: AuthorizationCode, ...args: unknown[]) {
    const ctx = currentContext(provider)
    const use = ctx && codeUse(ctx)
    const ownUse = use?.code === this ? use : undefined
    try {
      await consume.apply(this, args)
    } catch (error) {
      if (ownUse) ownUse.isSpent = true
      throw error
    }
    if (ownUse) ownUse.isConsumer = true
  }
}
