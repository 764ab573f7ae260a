/*
 * What a notification needs is a secret of the client's, and the handle is otherwise stored only as a hash (I-128, C-I11). Both are
 * kept as a compact JWE (RFC 7516) with direct encryption, tied to one deferral of one client of one issuer.
 */
import { hash, webcrypto } from 'node:crypto'
import { CompactEncrypt, compactDecrypt, errors } from 'jose'

/** What is kept for the notification of one deferral. */
export interface Secrets {
  handle: string
  /** the bearer token the client asked to be notified with */
  token?: string
}

/** Whom the secrets belong to; they open for nobody else. */
export interface Owner {
  /** several issuers may have the same keys, and clients of the same id */
  issuer: string
  id: string
  clientId: string
}

/** No key of this node opens it; another node's may. */
export class KeyNotFound extends Error {
  constructor() {
    super('no key of this node opens it')
  }
}

/** Seals with the first key, opens with all. */
export interface Sealer {
  seal(owner: Owner, secrets: Secrets): Promise<string>
  /** Rejects with `KeyNotFound`, or another error when it was tampered with or belongs to another deferral. */
  open(owner: Owner, sealed: string): Promise<Secrets>
}

const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }

/** A sealer for 32-byte keys or their base64url; `undefined` without any. */
export function createSealer(keys: readonly (Uint8Array | string | undefined)[]): Sealer | undefined {
  const byKid = new Map(keys.map((key) => toBytes(key as Uint8Array | string)).map((key) => [kidOf(key), toKey(key)]))
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
        (header?: { kid?: string }) => found(byKid, header?.kid),
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

function found(keys: Map<string, Promise<webcrypto.CryptoKey>>, kid: string | undefined): Promise<webcrypto.CryptoKey> {
  const key = keys.get(kid ?? '')
  if (!key) throw new KeyNotFound()
  return key
}

// once, and not for every handle
function toKey(key: Uint8Array): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

function toBytes(key: Uint8Array | string): Uint8Array {
  return typeof key === 'string' ? Buffer.from(key, 'base64url') : key
}

function kidOf(key: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from('kid\0'), key]), 'base64url').slice(0, 16)
}
