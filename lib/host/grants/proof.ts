import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from 'jose'
import { errors, type Provider } from 'oidc-provider'
import type { Binding } from '../../deferral/deferral.js'
import { type Context, clientOf } from '../context.js'
import { epochTime } from '../epoch_time.js'
import { withPlainFaults } from '../faults.js'
import { acceptAgain } from '../overrides/replay_detection.js'
import type { Internals } from '../seams.js'
import { isProofOfClient } from './attestation.js'

const { InvalidDpopProof } = errors

/** A DPoP proof the host has verified during this request (RFC 9449, section 4.3). */
export interface Proof {
  jkt: string
  jti: string
  iat: number
}

/** The verified proof of this request. Only to be called when the host's handler has got past its own DPoP validation. */
export async function verifiedProof(ctx: Context, { configuration }: Internals): Promise<Proof | undefined> {
  // with the feature off nobody has verified the header
  const header = configuration.features.dPoP.enabled && ctx.get('DPoP')
  if (!header) return undefined
  const { jti, iat, htu } = decodeJwt(header)
  const { jwk } = decodeProtectedHeader(header)
  // hosts before 9.11 take a proof whose htu is no URL for an absent one
  if (typeof htu !== 'string' || !URL.canParse(htu) || !jwk) throw new InvalidDpopProof('DPoP proof htu mismatch')
  return { jkt: await calculateJwkThumbprint(jwk), jti: jti as string, iat: iat as number }
}

/** Refuses a missing proof or a foreign key. The host would call both `invalid_grant`. */
export function assertKey(ctx: Context, proof: Proof | undefined, expected: string | undefined): void {
  if (!proof && (expected !== undefined || clientOf(ctx).dpopBoundAccessTokens)) {
    throw new InvalidDpopProof('DPoP proof JWT not provided')
  }
  if (expected !== undefined && proof?.jkt !== expected) {
    throw new InvalidDpopProof('DPoP proof key does not match the key bound to this request')
  }
}

/** Refuses a proof that was used before, and remembers this one. */
export async function assertFresh(
  ctx: Context,
  provider: Provider,
  { configuration }: Internals,
  proof: Proof,
): Promise<void> {
  // a proof that has authenticated its client was checked and remembered by the host
  if (configuration.features.dPoP.allowReplay || isProofOfClient(ctx)) return
  // acceptable to the host for 300 s around iat, which may lie ahead
  const end = Math.max(epochTime(), proof.iat) + 300
  const { ReplayDetection } = provider as unknown as { ReplayDetection: { unique: Unique } }
  const { clientId } = clientOf(ctx)
  if (!(await withPlainFaults(ReplayDetection.unique(clientId, proof.jti, end)))) {
    throw new InvalidDpopProof('DPoP proof JWT Replay detected')
  }
  acceptAgain(ctx, clientId, proof.jti)
}

/** Whether this request came over a connection with the certificate that was bound (RFC 8705, section 3). */
export function hasCertificate(
  ctx: Context,
  provider: Provider,
  internals: Internals,
  binding: Binding | undefined,
): boolean {
  return binding?.x5t === undefined || thumbprintOf(ctx, provider, internals) === binding.x5t
}

/** SHA-256 thumbprint of the certificate of this connection, if it has one. */
export function thumbprintOf(ctx: Context, provider: Provider, internals: Internals): string | undefined {
  const certificate = internals.configuration.features.mTLS.getCertificate(ctx)
  if (!certificate) return undefined
  // the host computes thumbprints of every form of certificate its getCertificate may return
  const token = new (provider as any).AccessToken({})
  token.setThumbprint('x5t', certificate)
  return token['x5t#S256']
}

/** The host's replay check: whether this is the first use of `jti` by `iss`; remembered until `exp`, seconds since the epoch. */
export type Unique = (iss: string, jti: string, exp: number) => Promise<boolean>
