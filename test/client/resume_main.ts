/* A process that goes on with a deferral: it prints a line once it has polled, and another one with the outcome. */
import type { webcrypto } from 'node:crypto'
import { type Deferral, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'

/** What the process is told: all of it is JSON. */
export interface Told {
  deferral: Deferral
  secret: string
  keys?: { privateKey: client.JWK; publicKey: client.JWK }
}

process.once('message', async ({ deferral, secret, keys }: Told) => {
  const execute = [client.allowInsecureRequests]
  const authentication = client.ClientSecretBasic(secret)
  const config = await client.discovery(new URL(deferral.issuer), deferral.clientId, {}, authentication, { execute })
  const options = keys && { DPoP: client.getDPoPHandle(config, await imported(keys)) }
  try {
    const tokens = await wait(config, deferral, { ...options, onPending: () => process.send?.('pending') })
    process.send?.({ tokenType: tokens.token_type, sub: tokens.claims()?.sub })
  } catch (error) {
    process.send?.(String(error))
  }
  process.disconnect()
})

async function imported({ privateKey, publicKey }: NonNullable<Told['keys']>): Promise<client.CryptoKeyPair> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  return {
    privateKey: await crypto.subtle.importKey('jwk', privateKey as webcrypto.JsonWebKey, algorithm, false, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', publicKey as webcrypto.JsonWebKey, algorithm, true, ['verify']),
  }
}
