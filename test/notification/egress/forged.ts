import { hash } from 'node:crypto'
import { CompactEncrypt } from 'jose'

/** Whose secrets these are, unless told. */
export const owner = { issuer: 'https://op.example', id: 'a deferral', clientId: 'a client' }
export const secrets = { handle: 'a handle', token: 'a token' }

/** What tells one key from another. */
export const kidOf = (key: Uint8Array) =>
  hash('sha256', Buffer.concat([Buffer.from('kid\0'), key]), 'base64url').slice(0, 16)

/** A JWE with anything in its header. */
export const forged = (key: Uint8Array, header: object, content: object = secrets) =>
  new CompactEncrypt(Buffer.from(JSON.stringify(content)))
    .setProtectedHeader({
      alg: 'dir',
      enc: 'A256GCM',
      kid: kidOf(key),
      iss: owner.issuer,
      deferral_id: owner.id,
      client_id: owner.clientId,
      ...header,
    })
    .encrypt(key)
