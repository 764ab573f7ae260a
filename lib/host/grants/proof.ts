import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from 'jose'
import { errors } from 'oidc-provider'
import type { Binding } from '../../deferral/deferral.js'
import { parseUrl } from '../../deferral/parse_url.js'
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

/** A DPoP proof that the host has verified during this request (RFC 9449, section 4.3). */
export interface Proof {
  jkt: string
  jti: string
  iat: number
}

/**
 * Makes the host verify the DPoP proof of this request, and returns it. No public way: the validation, with its nonces,
 * algorithms and errors, is inside the host's handlers. The host's code handler verifies the proof and then looks the code up.
 * The plugin stops it at that look-up.
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

/** Reads the DPoP proof of this request without verifying it. Call it only after the host has verified the proof. */
export async function proofOf(ctx: Context, internals: Internals): Promise<Proof | undefined> {
  const header = headerOf(ctx, internals)
  if (!header) return undefined
  const { jti, iat, htu } = decodeJwt(header)
  const { jwk } = decodeProtectedHeader(header)
  // hosts before 9.11 ignore a proof whose htu is not a URL
  if (typeof htu !== 'string' || !parseUrl(htu) || !jwk) throw new InvalidDpopProof('DPoP proof htu mismatch')
  return { jkt: await calculateJwkThumbprint(jwk), jti: jti as string, iat: iat as number }
}

// with the feature off the host does not verify the header
function headerOf(ctx: Context, { configuration }: Internals): string | undefined {
  return configuration.features.dPoP.enabled ? ctx.get('DPoP') : undefined
}

/** Throws `invalid_dpop_proof` for a missing proof and for another key. The host would answer `invalid_grant`. */
export function assertKey(ctx: Context, proof: Proof | undefined, expected: string | undefined): void {
  if (!proof && (expected !== undefined || clientOf(ctx).dpopBoundAccessTokens)) {
    throw new InvalidDpopProof('DPoP proof JWT not provided')
  }
  if (expected !== undefined && proof?.jkt !== expected) {
    throw new InvalidDpopProof('DPoP proof key does not match the key bound to this request')
  }
}

/** Throws `invalid_dpop_proof` if this proof was used before, and remembers it. */
export async function assertFresh(ctx: Context, { provider, internals }: GrantHost, proof: Proof): Promise<void> {
  const { features } = internals.configuration
  // the host has checked and remembered a proof that also authenticates the client
  if (features.dPoP.allowReplay || isProofOfClient(ctx)) return
  const now = epochTime()
  // the host accepts a proof up to 300 s before and after its iat. With a nonce it accepts any iat: do not remember it for longer than 600 s
  const end = Math.min(Math.max(now, proof.iat), now + 300) + 300
  const { ReplayDetection } = provider as unknown as { ReplayDetection: { unique: Unique } }
  const { clientId } = clientOf(ctx)
  if (!(await withPlainFaults(ReplayDetection.unique(clientId, proof.jti, end)))) {
    throw new InvalidDpopProof('DPoP proof JWT Replay detected')
  }
  acceptAgain(ctx, clientId, proof.jti)
}

/** Whether the client certificate of this connection is the one in the binding, if that has one (RFC 8705, section 3). */
export function hasCertificate(ctx: Context, host: GrantHost, binding: Binding | undefined): boolean {
  return binding?.x5t === undefined || thumbprintOf(ctx, host) === binding.x5t
}

/** SHA-256 thumbprint of the client certificate of this connection; `undefined` without a certificate. */
export function thumbprintOf(ctx: Context, { provider, internals }: GrantHost): string | undefined {
  const certificate = internals.configuration.features.mTLS.getCertificate(ctx)
  if (!certificate) return undefined
  // getCertificate may return several types; a token of the host computes the thumbprint of each
  const token = new (provider as any).AccessToken({})
  token.setThumbprint('x5t', certificate)
  return token['x5t#S256']
}
