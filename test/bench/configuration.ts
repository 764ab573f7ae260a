import { generateKeyPairSync } from 'node:crypto'
import type { AdapterFactory, Configuration } from 'oidc-provider'
import type { HostConfiguration } from 'oidc-provider-deferred'
import { clients, grantType, oauthGrantType } from '../support/clients.js'

/** What all providers of the bench have in common; the client of one that is `deferring` may ask to wait. */
export function configurationOf(adapter: AdapterFactory, deferring: boolean): HostConfiguration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    adapter,
    clients: [benchClient(deferring)],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' } as never] },
    cookies: { keys: ['bench'] },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    pkce: { required: () => false },
    ttl: { AuthorizationCode: 3600, BackchannelAuthenticationRequest: 3600 },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    features: {
      devInteractions: { enabled: false },
      ciba: {
        enabled: true,
        deliveryModes: ['poll'],
        processLoginHint: (_ctx: unknown, hint: string) => hint,
        validateRequestContext: () => undefined,
        validateBindingMessage: () => undefined,
        verifyUserCode: () => undefined,
        triggerAuthenticationDevice: () => undefined,
      } as never,
    },
  }
}

/** The same for oidc-provider without the plugin. */
export function hostConfigurationOf(adapter: AdapterFactory): Configuration {
  return configurationOf(adapter, false) as Configuration
}

function benchClient(deferring: boolean) {
  const known = clients.find(({ client_id }) => client_id === 'secret')!
  return {
    ...known,
    grant_types: [
      'authorization_code',
      'urn:openid:params:grant-type:ciba',
      ...(deferring ? [grantType, oauthGrantType] : []),
    ],
    response_types: ['code', ...(deferring ? (['deferred_code'] as const) : [])],
    backchannel_token_delivery_mode: 'poll',
    id_token_signed_response_alg: 'ES256',
  } as const
}
