import type { webcrypto } from 'node:crypto'
import { type Configuration, type DPoPHandle, getDPoPHandle, type JWK, randomDPoPKeyPair } from 'openid-client'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }

/** A new private key, as JSON. It binds the request, and the token too. */
export async function createKey(): Promise<JWK> {
  const { privateKey } = await randomDPoPKeyPair('ES256', { extractable: true })
  return (await crypto.subtle.exportKey('jwk', privateKey)) as JWK
}

/** What openid-client signs proofs with. */
export async function dpopHandle(configuration: Configuration, key: JWK): Promise<DPoPHandle> {
  const { kty = '', crv = '', x = '', y = '' } = key
  const publicKey = await crypto.subtle.importKey('jwk', { kty, crv, x, y }, algorithm, true, ['verify'])
  const privateKey = await crypto.subtle.importKey('jwk', key as webcrypto.JsonWebKey, algorithm, false, ['sign'])
  return getDPoPHandle(configuration, { privateKey, publicKey })
}
