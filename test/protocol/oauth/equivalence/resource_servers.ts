import { randomBytes } from 'node:crypto'

/** Shared with the resource servers whose tokens are not signed, or not only, with the provider's keys. */
export const secrets = { signing: randomBytes(32), encryption: randomBytes(32) }

const signed = { alg: 'ES256' as const }

/** Resource servers, one for each form an access token can have. */
export const apis: Record<string, object> = {
  'https://opaque.example/': { accessTokenFormat: 'opaque' },
  'https://es256.example/': { accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: signed } },
  'https://rs256.example/': { accessTokenFormat: 'jwt' },
  'https://hs256.example/': {
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'HS256', key: secrets.signing, kid: 'shared' } },
  },
  'https://encrypted.example/': {
    accessTokenFormat: 'jwt',
    jwt: {
      sign: signed,
      encrypt: { alg: 'dir', enc: 'A128CBC-HS256', key: secrets.encryption, kid: 'its-own' },
    },
  },
}

/** What the host's feature asks about a resource server. */
export function resourceServerInfo(resource: string) {
  return { scope: 'read write email', audience: `${resource}audience`, accessTokenTTL: 900, ...apis[resource] }
}
