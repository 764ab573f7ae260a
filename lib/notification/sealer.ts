/*
 * A notification carries the handle, which is otherwise stored only as a hash, and the client's token, which is a secret (I-128,
 * C-I11). Both are stored as a compact JWE (RFC 7516) with direct encryption, bound to one deferral of one client of one issuer.
 */
import { webcrypto } from 'node:crypto'
import { CompactEncrypt, compactDecrypt, errors } from 'jose'
import type { JsonObject } from '../deferral/deferral.js'
import { type Key, keyId, toBytes } from './key_id.js'

/** The secrets for the notification of one deferral. */
export interface Secrets {
  handle: string
  /** the bearer token that the client wants in its notification */
  token?: string
}

/** The deferral that the secrets belong to. They cannot be opened for another one. */
export interface Owner {
  /** several issuers may use the same keys and the same client ids */
  issuer: string
  id: string
  clientId: string
}

/** This node does not have the key. Another node may have it. */
export class KeyNotFound extends Error {
  constructor() {
    super('no key of this node opens it')
  }
}

/** Seals with the first key, opens with all. */
export interface Sealer {
  seal(owner: Owner, secrets: Secrets | JsonObject): Promise<string>
  /** Rejects with `KeyNotFound`, or with an error of jose if the text was changed or belongs to another deferral. */
  open<T extends object = Secrets>(owner: Owner, sealed: string): Promise<T>
}

const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }

/** A sealer with these keys, each of 32 bytes or their base64url. `undefined` without keys. */
export function createSealer(keys: readonly (Uint8Array | string | undefined)[]): Sealer | undefined {
  const byKid = new Map(keys.map((key) => toBytes(key as Key)).map((key) => [keyId(key), toKey(key)]))
  const [first] = byKid
  if (!first) return undefined
  const [kid, key] = first
  return {
    async seal({ issuer, id, clientId }, secrets) {
      return new CompactEncrypt(Buffer.from(JSON.stringify(secrets)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid, iss: issuer, deferral_id: id, client_id: clientId })
        .encrypt(await key)
    },
    async open({ issuer, id, clientId }, sealed) {
      const { plaintext, protectedHeader } = await compactDecrypt(
        sealed,
        (header?: { kid?: string }) => keyOf(byKid, header?.kid),
        algorithms,
      )
      const { iss, deferral_id, client_id } = protectedHeader
      if (iss !== issuer || deferral_id !== id || client_id !== clientId) {
        throw new errors.JWEInvalid('sealed for another deferral')
      }
      return JSON.parse(Buffer.from(plaintext).toString())
    },
  }
}

function keyOf(keys: Map<string, Promise<webcrypto.CryptoKey>>, kid: string | undefined): Promise<webcrypto.CryptoKey> {
  const key = keys.get(kid ?? '')
  if (!key) throw new KeyNotFound()
  return key
}

// the key is imported once, not for every handle
function toKey(key: Uint8Array): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['encrypt', 'decrypt'])
}
