/*
 * The checks of single options, for the table in `options.ts`.
 */
import { X509Certificate } from 'node:crypto'
import type { Narrowing } from '../deferral/narrow.js'
import {
  type Check,
  callback,
  integer,
  isValidDate,
  listOf,
  mustBe,
  plainObject,
  refuse,
  withRule,
} from '../deferral/shape.js'
import { type DeferralStore, storeOperations } from '../deferral/store.js'
import { toRange } from '../notification/egress/addresses.js'
import { undeferrable } from './grants.js'

/** The option `store`: it must have every operation. */
export const deferralStore: Check<DeferralStore> = (store, at) => {
  const operations = Object(store)
  const missing = storeOperations.filter((name) => typeof operations[name] !== 'function')
  if (missing.length === 0) return operations
  refuse(at, `must be a DeferralStore such as memoryStore() or mongoStore(db), it lacks ${missing.join(', ')}`)
}

const isKey = (key: unknown): key is string | Uint8Array => bytesOf(key)?.length === 32

/** The option `keys`. */
export const keys = withRule(
  listOf('32 bytes, as a Uint8Array or base64url, e.g. of crypto.randomBytes(32)', isKey),
  (list, at) => {
    const index = list.findIndex((key) => bytesOf(key)?.every((byte) => byte === 0))
    if (index >= 0) refuse(`${at}[${index}]`, 'must not be 32 zero bytes, use crypto.randomBytes(32)')
  },
)

function bytesOf(key: unknown): Uint8Array | undefined {
  const bytes = typeof key === 'string' && /^[\w-]+$/.test(key) ? Buffer.from(key, 'base64url') : key
  return bytes instanceof Uint8Array ? bytes : undefined
}

const grantTypes = mustBe(
  "an array of grant types such as ['authorization_code', 'client_credentials']",
  (value): value is string[] => Array.isArray(value) && value.every((name) => typeof name === 'string'),
)

/** The option `grants`, without grants that can never be deferred. `install` checks the others. */
export const deferrableGrants = withRule(grantTypes, (names, at) => {
  for (const [index, name] of names.entries()) {
    const reason = undeferrable(name)
    if (reason) refuse(`${at}[${index}]`, `must not be ${name}: it ${reason}`)
  }
})

/** The option `narrow`: one rule per type of authorization details. */
export const narrowing: Check<Narrowing> = (rules, at) => {
  const rule = callback<Narrowing[string]>()
  const entries = Object.entries(plainObject(rules, at)).map(([type, value]) => [type, rule(value, `${at}.${type}`)])
  return Object.fromEntries(entries)
}

/** A member of the option `maxPending`. */
export const cap = integer('a whole number, from 1', 1)

/** The rule for the option `devConsole`. */
export function assertDevelopment(isOn: boolean, at: string): void {
  if (isOn && process.env.NODE_ENV === 'production') {
    refuse(at, 'must not be on with NODE_ENV=production, mount createConsole with your own sign-in')
  }
}

const path = mustBe(
  "a path such as '/deferred/cancel'",
  (value): value is string => typeof value === 'string' && /^(\/[\w.~-]+)+$/.test(value),
)

/** The path of an endpoint. The host has its metadata below `/.well-known`. Clients resolve `..` in a URL before they send the request. */
export const route = withRule(path, (value, at) => {
  if (value.includes('/.'))
    refuse(at, "must not have a segment that begins with a dot, use a path such as '/deferred/cancel'")
})

/** The option `now`. It is called once at the start, so that a wrong clock is found there; each later result is checked as well. */
export const clock: Check<() => Date> = (value, at) => {
  const now = callback<() => unknown>()(value, at)
  const checked = () => {
    const time = now()
    return isValidDate(time) ? time : refuse(at, 'must return a valid Date, as () => new Date() does')
  }
  checked()
  return checked
}

/** The option `notification.allow`. */
export const ranges = listOf("a range or an address such as '10.1.0.0/16'", isRange)

/** The option `notification.deny`. */
export const rangesAndHosts = listOf(
  "a range, an address or a host name such as '203.0.113.0/24' or 'internal.example.com'",
  (value): value is string => isRange(value) || isHost(value),
)

function isRange(value: unknown): value is string {
  return typeof value === 'string' && toRange(value) !== undefined
}

function isHost(value: unknown): boolean {
  return typeof value === 'string' && /^(?!(.*\.)?(\d+|0x[\da-f]*)$)[\w-]+(\.[\w-]+)*$/i.test(value)
}

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && 0 < Number(value) && Number(value) < 65_536

/** The option `notification.ports`. */
export const ports = withRule(listOf('a port such as 443', isPort), (numbers, at) => {
  if (numbers.length === 0) refuse(at, 'must not be empty, use [443]')
})

type Certificates = string | Uint8Array | readonly (string | Uint8Array)[]

/** The option `notification.ca`. */
export const certificates = mustBe('a PEM certificate, or an array of such', (value): value is Certificates => {
  const each = [value].flat()
  return each.length > 0 && each.every(isCertificate)
})

function isCertificate(value: unknown): boolean {
  try {
    // this class also accepts DER, TLS does not
    return /-----BEGIN/.test(Buffer.from(value as string).toString()) && Boolean(new X509Certificate(value as string))
  } catch {
    return false
  }
}
