import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from 'jose'
import { errors } from 'oidc-provider'
import type { Binding } from '../../deferral/deferral.js'
import { type Context, clientOf } from '../context.js'
import { epochTime } from '../epoch_time.js'
import { withPlainFaults } from '../faults.js'
import type { GrantHost } from '../host.js'
import { acceptAgain, type Unique } from '../request/accepted_proof.js'
import { intercept } from '../request/intercepts.js'
import type { Internals } from '../seams.js'
import { isProofOfClient } from './attestation.js'
import { codeRequest, runUntilStop, stopHandler } from './dry_run.js'

const { InvalidDpopProof, InvalidRequest } = errors

/** A DPoP proof the host has verified during this request (RFC 9449, section 4.3). */
export interface Proof {
  jkt: string
  jti: string
  iat: number
}

/**
 * Has the host verify the proof of this request, and resolves to it. No public way: DPoP validation with its nonces, algorithms
 * and errors is internal to the host's handlers. Its code handler verifies the proof, then looks the code up, and is stopped there.
 */
export async function verifyProof(
  ctx: Context,
  { codeHandler, internals }: Pick<GrantHost, 'codeHandler' | 'internals'>,
): Promise<Proof | undefined> {
  if (!headerOf(ctx, internals)) return undefined
  if (!codeHandler) throw new InvalidRequest('DPoP is not supported for this grant type')
  intercept(ctx, { findCode: async () => stopHandler() })
  await runUntilStop(ctx, codeHandler, codeRequest('deferred'))
  return proofOf(ctx, internals)
}

/** The proof of this request. To be called only when the host has verified it. */
export async function proofOf(ctx: Context, internals: Internals): Promise<Proof | undefined> {
  const header = headerOf(ctx, internals)
  if (!header) return undefined
  const { jti, iat, htu } = decodeJwt(header)
  const { jwk } = decodeProtectedHeader(header)
  // hosts before 9.11 take a proof whose htu is no URL for an absent one
  if (typeof htu !== 'string' || !URL.canParse(htu) || !jwk) throw new InvalidDpopProof('DPoP proof htu mismatch')
  return { jkt: await calculateJwkThumbprint(jwk), jti: jti as string, iat: iat as number }
}

// with the feature off nobody verifies the header
function headerOf(ctx: Context, { configuration }: Internals): string | undefined {
  return configuration.features.dPoP.enabled ? ctx.get('DPoP') : undefined
}

/** Refuses a missing proof or another key. The host would call both `invalid_grant`. */
export function assertKey(ctx: Context, proof: Proof | undefined, expected: string | undefined): void {
  if (!proof && (expected !== undefined || clientOf(ctx).dpopBoundAccessTokens)) {
    throw new InvalidDpopProof('DPoP proof JWT not provided')
  }
  if (expected !== undefined && proof?.jkt !== expected) {
    throw new InvalidDpopProof('DPoP proof key does not match the key bound to this request')
  }
}

/** Refuses a proof that was used before, and remembers this one. */
export async function assertFresh(ctx: Context, { provider, internals }: GrantHost, proof: Proof): Promise<void> {
  const { features } = internals.configuration
  // a proof that has authenticated its client was checked and remembered by the host
  if (features.dPoP.allowReplay || isProofOfClient(ctx)) return
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
export function hasCertificate(ctx: Context, host: GrantHost, binding: Binding | undefined): boolean {
  return binding?.x5t === undefined || thumbprintOf(ctx, host) === binding.x5t
}

/** SHA-256 thumbprint of the certificate of this connection, if it has one. */
export function thumbprintOf(ctx: Context, { provider, internals }: GrantHost): string | undefined {
  const certificate = internals.configuration.features.mTLS.getCertificate(ctx)
  if (!certificate) return undefined
  // the host computes thumbprints of every form of certificate its getCertificate may return
  const token = new (provider as any).AccessToken({})
  token.setThumbprint('x5t', certificate)
  return token['x5t#S256']
}
