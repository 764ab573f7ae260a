import type { AuthorizationCode, Provider } from 'oidc-provider'
import { currentContext, paramsOf } from '../context.js'
import { codeUse, noteCodeUse } from '../request/code_use.js'

type Consumable = AuthorizationCode & { consumed?: unknown }

/**
 * Notes the state of the code of each token request. No public way: the host answers `invalid_grant` alike to a used code, an
 * unknown code and a wrong verifier, and has no hook in between.
 */
export function installCodeUse(provider: Provider): void {
  const { AuthorizationCode } = provider as any
  const { find } = AuthorizationCode
  const { consume } = AuthorizationCode.prototype

  AuthorizationCode.find = async function (this: unknown, value: string, ...args: unknown[]) {
    const code: Consumable | undefined = await find.call(this, value, ...args)
    const ctx = currentContext(provider)
    const isSent = ctx?.oidc.route === 'token' && paramsOf(ctx)?.code === value
    // a callback may look it up again later
    if (isSent && !codeUse(ctx)?.isConsumer)
      noteCodeUse(ctx, { code, isSpent: Boolean(code?.consumed), isConsumer: false })
    return code
  }
  AuthorizationCode.prototype.consume = async function (this: AuthorizationCode, ...args: unknown[]) {
    const ctx = currentContext(provider)
    const use = ctx && codeUse(ctx)
    const ours = use?.code === this ? use : undefined
    try {
      await consume.apply(this, args)
    } catch (error) {
      if (ours) ours.isSpent = true
      throw error
    }
    if (ours) ours.isConsumer = true
  }
}
