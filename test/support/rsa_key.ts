import { generateKeyPairSync } from 'node:crypto'

/** A private key as a JWK. To make one takes a tenth of a second, so a whole run shares one. */
export function newRsaKey(): string {
  return JSON.stringify(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }))
}
