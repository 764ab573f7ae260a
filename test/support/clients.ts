import { generateKeyPairSync } from 'node:crypto'
import type { DeferringClientMetadata } from 'oidc-provider-deferred'
import { newRsaKey } from './rsa_key.js'

/** The client's redirect URI; nothing listens there. */
export const redirectUri = 'https://rp.example/cb'

/** Grant types of polls: the OpenID draft's, and the working group's. */
export const grantType = 'urn:openid:params:grant-type:deferred'
export const oauthGrantType = 'urn:ietf:params:oauth:grant-type:deferred'

const key = (kid: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const named = { kid, alg: 'ES256', use: 'sig' }
  return {
    private: { ...privateKey.export({ format: 'jwk' }), ...named },
    public: { ...publicKey.export({ format: 'jwk' }), ...named },
  }
}

const providerKey = process.env.DEFERRED_TEST_RSA_KEY ?? newRsaKey()
export const assertionKey = key('assertion')
export const jwks = {
  keys: [{ ...JSON.parse(providerKey), kid: 'op', alg: 'RS256', use: 'sig' }, key('op-ec').private],
} as { keys: object[] }

const deferring: Partial<DeferringClientMetadata> = {
  redirect_uris: [redirectUri],
  grant_types: [grantType, oauthGrantType, 'authorization_code', 'refresh_token'],
  response_types: ['deferred_code', 'code deferred_code', 'code'],
}

const machine: Partial<DeferringClientMetadata> = {
  grant_types: [...(deferring.grant_types ?? []), 'client_credentials'],
}

/** The same clients, all of them with a notification endpoint. */
export const notifiedAt = (endpoint: string): DeferringClientMetadata[] =>
  clients.map((client) => ({ ...client, deferred_client_notification_endpoint: endpoint }))

/** Three client types, a second one that must never see the first one's deferrals, and one that may not defer. */
export const clients: DeferringClientMetadata[] = [
  {
    ...deferring,
    ...machine,
    client_id: 'secret',
    client_secret: 'a secret of the client',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  {
    ...deferring,
    ...machine,
    client_id: 'other',
    client_secret: 'another secret',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  { ...deferring, client_id: 'public', token_endpoint_auth_method: 'none' },
  {
    ...deferring,
    ...machine,
    client_id: 'assertion',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [assertionKey.public] } as never,
  },
  {
    client_id: 'plain',
    client_secret: 'a plain secret',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code'],
    response_types: ['code'],
  },
]

/** A client with a name, a secret it posts, and a notification endpoint. */
export const notifiedClient = (name: string, secret: string, endpoint: string): DeferringClientMetadata => ({
  ...clients[0],
  client_id: name,
  client_secret: secret,
  token_endpoint_auth_method: 'client_secret_post',
  deferred_client_notification_endpoint: endpoint,
})

/** A client whose tokens have to be bound to a key. */
export const boundClient: DeferringClientMetadata = {
  ...deferring,
  ...machine,
  client_id: 'bound',
  client_secret: 'bound',
  token_endpoint_auth_method: 'client_secret_post',
  dpop_bound_access_tokens: true,
}

/** Clients that may ask for payments, and claims that tell how their end-users signed in. */
export const payingClients = {
  clients: clients.map((client) => ({ ...client, authorization_details_types: ['payment'] })),
  claims: { openid: ['sub', 'acr', 'amr', 'auth_time'], email: ['email', 'email_verified'] },
}
