import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** The kinds of handle; the label in the hash makes one kind worthless at another's door. */
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

/** The one id a deferral of this authorization code can have: so the code leads to it, and never to a second one. */
export function idFrom(code: string): string {
  return hash('sha256', `authorization_code\0${code}`, 'base64url').slice(0, idLength)
}

/** A new handle for the deferral `id`: what the client gets, and the hash that is stored instead of it. */
export function newHandle(kind: HandleKind, id: string): { handle: string; hash: string } {
  const secret = randomBytes(32).toString('base64url')
  return { handle: id + secret, hash: hashOf(kind, secret) }
}

/** Whether this could be a handle at all. */
export function isHandle(value: string): boolean {
  return shape.test(value)
}

/** The parts of a handle a client sent; a malformed one is looked up, and missed, like any unknown one. */
export function parseHandle(handle: string): { id: string; secret: string } {
  const value = isHandle(handle) ? handle : absentId.padEnd(idLength + secretLength, 'A')
  return { id: value.slice(0, idLength), secret: value.slice(idLength) }
}

/** Compares in constant time the secret a client sent with the hash that was kept. */
export function matches(kind: HandleKind, secret: string, hash: string | undefined): boolean {
  const expected = Buffer.from(hash ?? hashOf(kind, ''), 'base64url')
  const equal = timingSafeEqual(Buffer.from(hashOf(kind, secret), 'base64url'), expected)
  return equal && hash !== undefined
}

/** Whether a text that is about to be shown gives the handle of this deferral away. */
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
