import { errors } from 'oidc-provider'
import type { Binding } from '../../deferral/deferral.js'
import { type Context, clientOf } from '../context.js'
import type { GrantHost } from '../host.js'
import type { IssuedToken } from '../request/intercepts.js'
import { installationOf } from './attestation.js'
import { assertKey, type Proof, proofOf, thumbprintOf } from './proof.js'

/** The key of a request, and its DPoP proof. The proof is not yet checked for replay: call `assertFresh`. */
export interface SenderKey {
  binding: Binding
  proof: Proof | undefined
}

/** The key of this request, by the host's rules for its own grants. Call it only after the host has verified the proof. */
export async function senderKey(ctx: Context, host: GrantHost): Promise<SenderKey> {
  const proof = await proofOf(ctx, host.internals)
  assertKey(ctx, proof, undefined)
  const installation = await installationOf(ctx)
  if (!clientOf(ctx).tlsClientCertificateBoundAccessTokens) {
    return { binding: { ...(proof && { jkt: proof.jkt }), ...installation }, proof }
  }
  if (proof) throw new errors.InvalidRequest('multiple proof-of-possession mechanisms are not allowed')
  const x5t = thumbprintOf(ctx, host)
  if (!x5t) throw new errors.InvalidGrant('mutual TLS client certificate not provided')
  return { binding: { x5t, ...installation }, proof }
}

/**
 * Binds a token to this key, unless it is bound already. As in the host, only refresh tokens of public clients are bound to a
 * key, and only those of attested clients to the installation.
 */
export function bind(ctx: Context, token: IssuedToken, { jkt, x5t, attestationJkt }: Binding): void {
  const bound = token as { jkt?: string; 'x5t#S256'?: string; attestationJkt?: string }
  if (token.kind === 'RefreshToken' && attestationJkt) bound.attestationJkt ??= attestationJkt
  if (token.kind === 'RefreshToken' && clientOf(ctx).clientAuthMethod !== 'none') return
  if ((bound.jkt && jkt && bound.jkt !== jkt) || (bound['x5t#S256'] && x5t && bound['x5t#S256'] !== x5t)) {
    throw new Error('the token is bound to another key than the request')
  }
  if (bound.jkt || bound['x5t#S256']) return
  if (jkt) bound.jkt = jkt
  if (x5t) bound['x5t#S256'] = x5t
}
