import { type AuthorizationCode, errors, type Provider } from 'oidc-provider'
import { type Context, clientOf } from '../context.js'
import { epochTime } from '../epoch_time.js'
import { withPlainFaults } from '../faults.js'

// The clock of a node may differ from the store's clock by 90 s. A Grant expires by the clock of the node that reads it.
const clockDifferenceSeconds = 180

/**
 * Extends the Grant of this code, so that it outlives the session, the deferral and a refresh token of the deferral. Call it
 * before the deferral is written, never later: if the Grant is revoked between its read and its save, the save brings it back.
 */
export async function extendGrant(
  ctx: Context,
  provider: Provider,
  code: AuthorizationCode,
  seconds: number,
): Promise<void> {
  const grant = await withPlainFaults(provider.Grant.find(code.grantId as string))
  if (!grant) throw new errors.AccessDenied(undefined, 'grant not found')
  keepGrantAfterSignOut(ctx)
  if (!grant.exp) return
  const end = epochTime() + seconds + refreshTokenLifetime(ctx, provider, code) + clockDifferenceSeconds
  if (grant.exp >= end) return
  // the host ignores the ttl of save(ttl) for a Grant
  grant.exp = end
  await withPlainFaults(grant.save())
}

// as the host does for offline_access; the host stores the session at the end of the request
function keepGrantAfterSignOut(ctx: Context): void {
  const authorization = ctx.oidc.session?.authorizationFor(clientOf(ctx).clientId)
  if (authorization) authorization.persistsLogout = true
}

/** When the Grant expires: `'gone'` if it does not exist, `undefined` if it never expires. */
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
