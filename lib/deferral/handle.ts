import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** The kinds of handle. The kind is hashed with the secret, so a handle of one kind is not accepted as another kind. */
export type HandleKind = 'deferred_code' | 'deferred_auth_id' | 'deferral_code'

const idLength = 22
const secretLength = 43
const shape = /^[\w-]{65}$/

/** An id that no deferral has. */
export const absentId = 'A'.repeat(idLength)

/** A new internal id: 16 random bytes, base64url. */
export function newId(): string {
  return randomBytes(16).toString('base64url')
}

/**
 * The id of the deferral of this authorization code. It is computed from the code, so a second use of the code finds the same
 * deferral and cannot create another one.
 */
export function idFrom(code: string): string {
  return hash('sha256', `authorization_code\0${code}`, 'base64url').slice(0, idLength)
}

/** A new handle for the deferral `id`. The client gets the handle, the store only its hash. */
export function newHandle(kind: HandleKind, id: string): { handle: string; hash: string } {
  const secret = randomBytes(32).toString('base64url')
  return { handle: id + secret, hash: hashOf(kind, secret) }
}

/** Whether this could be a handle at all. */
export function isHandle(value: string): boolean {
  return shape.test(value)
}

/** The parts of a handle from a client. A malformed handle is looked up like any other, with an id that no deferral has. */
export function parseHandle(handle: string): { id: string; secret: string } {
  const value = isHandle(handle) ? handle : absentId.padEnd(idLength + secretLength, 'A')
  return { id: value.slice(0, idLength), secret: value.slice(idLength) }
}

/** Compares the secret from a client with the stored hash, in constant time. */
export function matches(kind: HandleKind, secret: string, hash: string | undefined): boolean {
  const expected = Buffer.from(hash ?? hashOf(kind, ''), 'base64url')
  const isEqual = timingSafeEqual(Buffer.from(hashOf(kind, secret), 'base64url'), expected)
  return isEqual && hash !== undefined
}

/** Whether a text contains the handle of this deferral, percent-encoded or not. */
export function containsHandle(
  text: string,
  kind: HandleKind,
  { id, handleHash }: { id: string; handleHash?: string },
): boolean {
  return [text, unescaped(text)].some((plain) =>
    plain.split(id).some((rest) => matches(kind, rest.slice(0, secretLength), handleHash)),
  )
}

function unescaped(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

function hashOf(kind: HandleKind, secret: string): string {
  return hash('sha256', `${kind}\0${secret}`, 'base64url')
}
