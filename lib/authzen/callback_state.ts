/*
 * AuthZEN Access Request and Approval Profile, "Callback Completion": the member `state`. It names one access request of one
 * deferral, and nobody else can make it. Nothing of it has to be stored.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** A key, as the option `keys` has it. */
export type CallbackKey = Uint8Array | string | undefined

const shape = /^(([\w-]{22})-\d{1,4}-\d{1,2})\.([\w-]{43})$/

/** The state for the access request with this Idempotency-Key. */
export function callbackState(requestKey: string, [key]: readonly CallbackKey[]): string {
  return `${requestKey}.${macOf(requestKey, key).toString('base64url')}`
}

/** The access request that a state names; `undefined` if it was not made with one of these keys. */
export function requestOfState(
  state: unknown,
  keys: readonly CallbackKey[],
): { deferral: string; requestKey: string } | undefined {
  const [, requestKey = '', deferral, mac = ''] = shape.exec(String(state)) ?? []
  const given = Buffer.from(mac, 'base64url')
  // all are tried, so that the time does not show which one fits
  const isOurs = keys.map((key) => isEqual(given, macOf(requestKey, key))).includes(true)
  return isOurs && deferral !== undefined ? { deferral, requestKey } : undefined
}

/** Compares in constant time. */
export function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}

function macOf(requestKey: string, key: CallbackKey): Buffer {
  return createHmac('sha256', toBytes(key)).update(`callback\0${requestKey}`).digest()
}

/** The bytes of a key. */
export function toBytes(key: CallbackKey): Uint8Array {
  return typeof key === 'string' ? Buffer.from(key, 'base64url') : (key ?? new Uint8Array())
}
