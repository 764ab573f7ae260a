import type { Provider } from 'oidc-provider'
import { type Context, currentContext } from './context.js'
import { withPlainFaults } from './faults.js'

const revoked = new WeakSet<Context>()

/**
 * Notes during which requests the host revokes what was issued from a Grant. At its token endpoint it does so only for an
 * artifact that is used again, and it has no hook or error of its own for that.
 */
export function installCodeReuse(provider: Provider): void {
  const { AccessToken } = provider as any
  const { revokeByGrantId } = AccessToken

  AccessToken.revokeByGrantId = function (this: unknown, ...args: unknown[]) {
    const ctx = currentContext(provider)
    if (ctx) revoked.add(ctx)
    return revokeByGrantId.apply(this, args)
  }
}

/** Revokes what was issued from a Grant, as the host does for a code that is used again. */
export async function revokeIssued(provider: Provider, grantId: string): Promise<void> {
  const { AccessToken, RefreshToken } = provider
  await withPlainFaults(Promise.all([AccessToken.revokeByGrantId(grantId), RefreshToken.revokeByGrantId(grantId)]))
}

/** Whether the host has taken this request for a theft. */
export function hasRevoked(ctx: Context): boolean {
  return revoked.has(ctx)
}
