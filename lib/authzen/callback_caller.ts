/*
 * AuthZEN Access Request and Approval Profile, "Callback Security": how the access request service authenticates at our endpoint.
 */
import { createHmac, hash } from 'node:crypto'
import { type Check, listOf, type Members, mustBe, shape } from '../deferral/shape.js'
import { keys } from '../options/checks.js'
import { type CallbackKey, isEqual, toBytes } from './callback_state.js'

/** The service signs the raw body with HMAC-SHA-256. */
export interface CallbackSignature {
  /** the header with the signature: base64, base64url or hexadecimal, with or without `sha256=` */
  header: string
  /** keys that the service may sign with, 32 bytes each or their base64url */
  keys: readonly CallbackKey[]
}

/**
 * Bearer tokens that were issued to the service, or its signature, or a function that looks at the headers: for tokens of another
 * kind, or for a proxy that checks client certificates. Only `true` authenticates. A function that throws or rejects does not.
 */
export type CallbackCaller = readonly string[] | CallbackSignature | ((headers: Headers) => Promise<boolean> | boolean)

// RFC 6750, section 2.1: another one could never be sent
const tokens = listOf(
  'a bearer token, such as crypto.randomBytes(32).toString("base64url")',
  (value): value is string => typeof value === 'string' && /^[\w.~+/-]+=*$/.test(value),
)
const fieldName = mustBe(
  'the name of a header',
  (value): value is string => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
)
const signature = shape({ header: fieldName, keys } satisfies Members<CallbackSignature>)
const some = mustBe(
  'a list of bearer tokens, { header, keys } or a function',
  (value): value is CallbackCaller =>
    typeof value === 'function' || (typeof value === 'object' && value !== null && Object.keys(value).length > 0),
)

/** Checks the option `caller`. */
export const callbackCaller: Check<CallbackCaller> = (value, at) => {
  const caller = some(value, at)
  if (typeof caller === 'function') return caller
  return Array.isArray(caller) ? tokens(caller, at) : signature(caller, at)
}

/** Whether the headers are those of the service. A signature is checked by `isSigned`, when the body is there. */
export async function isCaller(headers: Headers, caller: CallbackCaller): Promise<boolean> {
  if (typeof caller === 'function') return isAccepted(headers, caller)
  if ('header' in caller) return headers.has(caller.header)
  const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(headers.get('authorization') ?? '') ?? []
  // digests have one length, and all are compared
  const given = digest(token ?? '')
  return caller.map((issued) => isEqual(given, digest(issued))).includes(true) && token !== undefined
}

// libraries for tokens throw if a token is wrong, and that cannot be told from a fault
async function isAccepted(headers: Headers, caller: Extract<CallbackCaller, CallableFunction>): Promise<boolean> {
  try {
    return (await caller(headers)) === true
  } catch {
    return false
  }
}

/** Whether the body has the signature of the service, if it has to have one. */
export function isSigned(body: Uint8Array, headers: Headers, caller: CallbackCaller): boolean {
  if (typeof caller === 'function' || !('header' in caller)) return true
  const text = (headers.get(caller.header) ?? '').replace(/^sha256=/i, '')
  const given = Buffer.from(text, /^[\da-f]{64}$/i.test(text) ? 'hex' : 'base64')
  const macs = caller.keys.map((key) => createHmac('sha256', toBytes(key)).update(body).digest())
  return macs.map((mac) => isEqual(given, mac)).includes(true)
}

function digest(text: string): Uint8Array {
  return hash('sha256', text, 'buffer')
}
