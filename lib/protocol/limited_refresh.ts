/*
 * Not in the drafts: a client refreshes tokens that end with an approval. Another service may be asked again whether it may.
 */
import type { RefreshToken } from 'oidc-provider'
import type { Binding } from '../deferral/deferral.js'
import { assertConnected, type Context, clientOf } from '../host/context.js'
import { proofOf, thumbprintOf } from '../host/grants/proof.js'
import { approvalEndOf, endRefreshed } from '../host/grants/token_end.js'
import { pluginOf } from '../plugin.js'

/** A refresh of tokens that end with an approval. The host has validated it, all but `resource`, and has not consumed the token. */
export interface LimitedRefresh {
  token: RefreshToken
  /** what the new access token will be bound to */
  binding: Binding
  /** Limits the lifetime of the tokens of this refresh, in seconds. They still end with their approval. */
  endAfter(seconds: number): void
  /** Throws if the client has hung up: it would not get its new refresh token. */
  assertConnected(): void
}

/** The refresh of this request; `undefined` if its tokens have no such end. */
export async function limitedRefreshOf(ctx: Context): Promise<LimitedRefresh | undefined> {
  const { RefreshToken: token } = ctx.oidc.entities
  const plugin = pluginOf(ctx.oidc.provider)
  if (!token || !plugin || approvalEndOf(token) === undefined) return undefined
  const { host, records } = plugin
  const proof = await proofOf(ctx, host.internals)
  const hasCertificate = clientOf(ctx).tlsClientCertificateBoundAccessTokens || token['x5t#S256'] !== undefined
  const x5t = hasCertificate ? thumbprintOf(ctx, host) : undefined
  return {
    token,
    binding: { ...(proof && { jkt: proof.jkt }), ...(x5t !== undefined && { x5t }) },
    endAfter: (seconds) => endRefreshed(token, Math.floor(records.now().getTime() / 1000) + seconds),
    assertConnected: () => assertConnected(ctx),
  }
}
