import { calculateJwkThumbprint, decodeJwt, type JWK } from 'jose'
import type { Binding } from '../../deferral/deferral.js'
import { type Context, clientOf } from '../context.js'

// hosts of some versions know only one of these, or none
const methods: unknown[] = ['attest_jwt_client_auth', 'attest_jwt_client_auth_dpop']

/**
 * The key of the client's installation (OAuth 2.0 Attestation-Based Client Authentication). The host binds device codes and
 * CIBA requests to the same key. Empty for clients that authenticate in another way.
 */
export async function installationOf(ctx: Context): Promise<Pick<Binding, 'attestationJkt'>> {
  if (!methods.includes(clientOf(ctx).clientAuthMethod)) return {}
  // the host has verified it when it authenticated the client
  const { cnf } = decodeJwt<{ cnf: { jwk: JWK } }>(ctx.get('OAuth-Client-Attestation'))
  return { attestationJkt: await calculateJwkThumbprint(cnf.jwk) }
}

/** Whether this request comes from the installation in the binding. */
export async function isInstallation(ctx: Context, binding: Binding | undefined): Promise<boolean> {
  const expected = binding?.attestationJkt
  return expected === undefined || (await installationOf(ctx)).attestationJkt === expected
}

/** Whether the DPoP proof of this request also authenticates its client. The host has checked such a proof for replay. */
export function isProofOfClient(ctx: Context): boolean {
  const { clientAttestation } = ctx.oidc as { clientAttestation?: { method?: string } }
  return clientAttestation?.method === 'dpop_combined'
}
