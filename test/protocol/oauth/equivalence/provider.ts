import { createHash, generateKeyPairSync } from 'node:crypto'
import type { Adapter, KoaContextWithOIDC } from 'oidc-provider'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { certificateOf } from '../../../support/certificates.js'
import { assertionKey, clients } from '../../../support/clients.js'
import { whoeverCan } from '../../../support/deferral.js'
import { memoryAdapter } from '../../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../../support/provider.js'
import { richAuthorizationRequests } from '../../../support/rich_authorization_requests.js'
import { customGrant, registerCustomGrant } from './custom_grant.js'
import { resourceServerInfo } from './resource_servers.js'
import type { Situation } from './situation.js'

/** A running provider, and what it has stored. */
export interface Subject extends TestProvider {
  adapter: (name: string) => Adapter
}

const encryption = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const encryptionKey = { ...encryption.publicKey.export({ format: 'jwk' }), kid: 'enc', use: 'enc', alg: 'ECDH-ES' }

/** What opens the client's encrypted ID Tokens. */
export const decryptionKey = encryption.privateKey

/** Starts a provider that is configured for this situation; it defers whatever can wait. */
export async function providerFor(situation: Situation, store: DeferralStore = memoryStore()): Promise<Subject> {
  const { policy } = situation
  const adapter = memoryAdapter()
  const op = await startProvider({
    configuration: {
      adapter,
      clients: clients.map((client) => (client.client_id === situation.clientId ? changed(client, situation) : client)),
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], ...alone },
      scopes: ['openid', 'offline_access', 'email', 'profile', 'payments'],
      acrValues: ['high', 'low'],
      subjectTypes: ['public', 'pairwise'],
      pairwiseIdentifier: async (_ctx, accountId, { sectorIdentifier }) =>
        createHash('sha256').update(`${sectorIdentifier}${accountId}`).digest('hex'),
      allowOmittingSingleRegisteredRedirectUri: true,
      conformIdTokenClaims: policy.conformIdTokenClaims,
      rotateRefreshToken: policy.rotateRefreshToken,
      ...(policy.issueRefreshToken !== 'by default' && {
        issueRefreshToken: async () => policy.issueRefreshToken === 'always',
      }),
      ...(policy.extraTokenClaims && { extraTokenClaims: seenBy }),
      features: featuresFor(situation) as never,
    },
    deferred: { defer: whoeverCan, store },
  })
  registerCustomGrant(op.provider, resourceServerInfo)
  return { ...op, adapter }
}

const alone = { acr: null, amr: null, auth_time: null, sid: null }

function changed(client: (typeof clients)[number], { metadata, proof }: Situation): (typeof clients)[number] {
  const { subject_type, id_token_signed_response_alg, encryptsIdToken, signsUserinfo } = metadata
  const keys = client.client_id === 'assertion' ? [assertionKey.public, encryptionKey] : [encryptionKey]
  return {
    ...client,
    grant_types: [...(client.grant_types ?? []), customGrant],
    jwks: { keys } as never,
    authorization_details_types: ['payment'],
    subject_type,
    id_token_signed_response_alg,
    ...(encryptsIdToken && {
      id_token_encrypted_response_alg: 'ECDH-ES',
      id_token_encrypted_response_enc: 'A128CBC-HS256',
    }),
    ...(signsUserinfo && { userinfo_signed_response_alg: 'ES256' }),
    ...(proof === 'dpop' && { dpop_bound_access_tokens: true }),
    ...(proof === 'certificate' && { tls_client_certificate_bound_access_tokens: true }),
  }
}

function featuresFor({ policy }: Situation): object {
  const choices = {
    'one of': (oneOf?: string[]) => oneOf,
    first: (oneOf?: string[]) => oneOf?.[0],
    none: () => undefined,
  }
  return {
    claimsParameter: { enabled: true },
    encryption: { enabled: true },
    jwtResponseModes: { enabled: true },
    jwtUserinfo: { enabled: true },
    mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: certificateOf },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx: unknown, _client: unknown, oneOf?: string[]) => choices[policy.defaultResource](oneOf),
      useGrantedResource: () => policy.useGrantedResource,
      getResourceServerInfo: (_ctx: unknown, resource: string) => resourceServerInfo(resource),
    },
    richAuthorizationRequests: detailsFeature(),
  }
}

// details of the token request itself come first, where the host has them
function detailsFeature(): object {
  const feature = richAuthorizationRequests(() => undefined) as Record<string, (...args: unknown[]) => unknown>
  const requested = (ctx: KoaContextWithOIDC) => {
    const { authorization_details: details } = ctx.oidc.params as { authorization_details?: string }
    return details === undefined ? undefined : JSON.parse(details)
  }
  const overridden = Object.entries(feature).map(([name, member]) => {
    if (!['rarForCodeResponse', 'rarForRefreshTokenResponse', 'authorizationDetailsForAccessToken'].includes(name)) {
      return [name, member]
    }
    const ofSource = (...args: unknown[]) =>
      (args[2] || name !== 'authorizationDetailsForAccessToken') && member?.(...args)
    return [name, (...args: unknown[]) => requested(args[0] as KoaContextWithOIDC) ?? (ofSource(...args) || undefined)]
  })
  return Object.fromEntries(overridden)
}

// what an integrator's callback sees at mint time must be what it sees without the wait
function seenBy(ctx: KoaContextWithOIDC, { kind }: { kind: string }) {
  const { client, entities, params, account } = ctx.oidc
  const { grant_type, scope, resource } = params as Record<string, unknown>
  const known = Object.keys(entities).filter((name) => name !== 'Deferral')
  return {
    seen: JSON.parse(
      JSON.stringify({
        kind,
        client: client?.clientId,
        account: account?.accountId,
        // a grant of one's own issues from what it validated, not from parameters
        params: { grant_type, ...(grant_type !== customGrant && { scope: scope || undefined, resource }) },
        entities: known.sort(),
      }),
    ),
  }
}
