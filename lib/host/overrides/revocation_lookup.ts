import type { Provider } from 'oidc-provider'
import { type Context, currentContext, paramsOf } from '../context.js'

/**
 * Overrides `AccessToken.find` to call `revoke` with the token of each revocation request. The host looks every token up there.
 * It does not find a handle, and answers 200. No public way: the host has no hook in that route, and errors of middleware after
 * the route bypass the host's renderer.
 */
export function installRevocation(provider: Provider, revoke: (ctx: Context, token: string) => Promise<void>): void {
  const { AccessToken } = provider as any
  const { find } = AccessToken
  const revocations = new WeakSet<Context>()

  AccessToken.find = async function (this: unknown, value: string, ...args: unknown[]) {
    const ctx = currentContext(provider)
    if (ctx?.oidc?.route === 'revocation' && paramsOf(ctx)?.token === value && !revocations.has(ctx)) {
      revocations.add(ctx)
      await revoke(ctx, value)
    }
    return find.call(this, value, ...args)
  }
}
