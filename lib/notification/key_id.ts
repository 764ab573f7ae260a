import { hash } from 'node:crypto'

/** A key: 32 bytes or their base64url. */
export type Key = Uint8Array | string

/** The bytes of a key. */
export function toBytes(key: Key): Uint8Array {
  return typeof key === 'string' ? Buffer.from(key, 'base64url') : key
}

/** The id of a key: it stands in the header of everything that is sealed with it, and does not give the key away. */
export function keyId(key: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from('kid\0'), key]), 'base64url').slice(0, 16)
}
