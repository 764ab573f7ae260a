import { calculateJwkThumbprint, decodeJwt, type JWK } from 'jose'
import type { Binding } from '../../deferral/deferral.js'
import { type Context, clientOf } from '../context.js'

// the host's version decides which of these it knows
const methods: unknown[] = ['attest_jwt_client_auth', 'attest_jwt_client_auth_dpop']

/**
 * The installation of an attested client (OAuth 2.0 Attestation-Based Client Authentication) that has authenticated. The host
 * binds device codes and CIBA ids to it in the same way. Empty for clients that authenticate in another way.
 */
export async function installationOf(ctx: Context): Promise<Pick<Binding, 'attestationJkt'>> {
  if (!methods.includes(clientOf(ctx).clientAuthMethod)) return {}
  // verified when the host authenticated the client
  const { cnf } = decodeJwt<{ cnf: { jwk: JWK } }>(ctx.get('OAuth-Client-Attestation'))
  return { attestationJkt: await calculateJwkThumbprint(cnf.jwk) }
}

/** Whether this request comes from the installation in the binding. */
export async function isInstallation(ctx: Context, binding: Binding | undefined): Promise<boolean> {
  const expected = binding?.attestationJkt
  return expected === undefined || (await installationOf(ctx)).attestationJkt === expected
}

/** Whether the DPoP proof of this request has authenticated its client too; then the host has checked it for replay already. */
export function isProofOfClient(ctx: Context): boolean {
  const { clientAttestation } = ctx.oidc as { clientAttestation?: { method?: string } }
  return clientAttestation?.method === 'dpop_combined'
}
