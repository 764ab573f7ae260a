import { type AuthorizationCode, errors, type Provider } from 'oidc-provider'
import { type Context, clientOf } from '../context.js'
import { epochTime } from '../epoch_time.js'
import { withPlainFaults } from '../faults.js'

// a node's clock may be up to 90 s ahead of the store's clock or behind it; a Grant ends by the clock of the node that reads it
const clockDifferenceSeconds = 180

/**
 * Has the Grant behind this code outlive a sign-out, the deferral, and the refresh token that may follow it. Must run before the
 * deferral is written and never later: saving a Grant that was read before a revocation would bring it back.
 */
export async function outlive(
  ctx: Context,
  provider: Provider,
  code: AuthorizationCode,
  seconds: number,
): Promise<void> {
  const grant = await withPlainFaults(provider.Grant.find(code.grantId as string))
  if (!grant) throw new errors.AccessDenied(undefined, 'grant not found')
  outliveSession(ctx)
  if (!grant.exp) return
  const end = epochTime() + seconds + refreshTokenLifetime(ctx, provider, code) + clockDifferenceSeconds
  if (grant.exp >= end) return
  // save(ttl) is ignored by the host
  grant.exp = end
  await withPlainFaults(grant.save())
}

// as the host does for offline_access; it stores the session when the request ends
function outliveSession(ctx: Context): void {
  const authorization = ctx.oidc.session?.authorizationFor(clientOf(ctx).clientId)
  if (authorization) authorization.persistsLogout = true
}

/** When the Grant ends; `undefined`: never. */
export async function grantExpiry(provider: Provider, grantId: string | undefined): Promise<Date | 'gone' | undefined> {
  if (grantId === undefined) return undefined
  const grant = await provider.Grant.find(grantId, { ignoreExpiration: true })
  if (!grant) return 'gone'
  return grant.exp ? new Date(grant.exp * 1000) : undefined
}

function refreshTokenLifetime(ctx: Context, provider: Provider, code: AuthorizationCode): number {
  const client = clientOf(ctx)
  if (!client.grantTypeAllowed('refresh_token')) return 0
  const { accountId, grantId, scope } = code
  const token = new (provider as any).RefreshToken({ accountId, client, grantId, scope, gty: 'authorization_code' })
  return token.expiration ?? 0
}
