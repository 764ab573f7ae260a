import type { AuthorizationCode, Provider } from 'oidc-provider'
import { type Context, currentContext, paramsOf } from '../context.js'
import { withPlainFaults } from '../faults.js'

/** The state of the authorization code that a token request sent. */
export interface CodeUse {
  /** the code, where it was still stored */
  code: AuthorizationCode | undefined
  /** another request has consumed it, before or at the same time */
  isSpent: boolean
  /** this request has consumed it */
  isConsumer: boolean
}

type Consumable = AuthorizationCode & { consumed?: unknown }

const uses = new WeakMap<Context, CodeUse>()

/** The state of the code that this request sent; `undefined`: the host has not looked the code up. */
export function codeUse(ctx: Context): CodeUse | undefined {
  return uses.get(ctx)
}

/**
 * Notes the state of the code of each token request. No public way: the host answers `invalid_grant` alike to a used code, an
 * unknown code and a wrong verifier, and has no hook in between.
 */
export function installCodeReuse(provider: Provider): void {
  const { AuthorizationCode } = provider as any
  const { find } = AuthorizationCode
  const { consume } = AuthorizationCode.prototype

  AuthorizationCode.find = async function (this: unknown, value: string, ...args: unknown[]) {
    const code: Consumable | undefined = await find.call(this, value, ...args)
    const ctx = currentContext(provider)
    const isSent = ctx?.oidc.route === 'token' && paramsOf(ctx)?.code === value
    // a callback may look it up again later
    if (isSent && !uses.get(ctx)?.isConsumer)
      uses.set(ctx, { code, isSpent: Boolean(code?.consumed), isConsumer: false })
    return code
  }
  AuthorizationCode.prototype.consume = async function (this: AuthorizationCode, ...args: unknown[]) {
    const ctx = currentContext(provider)
    const use = ctx && uses.get(ctx)
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

/** Revokes what was issued from a Grant, as the host does for a code that is used again. */
export async function revokeIssued(provider: Provider, grantId: string): Promise<void> {
  const { AccessToken, RefreshToken } = provider
  await withPlainFaults(Promise.all([AccessToken.revokeByGrantId(grantId), RefreshToken.revokeByGrantId(grantId)]))
}
