import { X509Certificate } from 'node:crypto'
import { isObject } from '../deferral/json.js'
import { isLifetime, lifetimeText } from '../deferral/lifetime.js'
import { storeOperations } from '../deferral/store.js'
import { toRange } from '../notification/egress/addresses.js'
import { answerAtOnce } from '../protocol/ask_defer.js'
import { undeferrable } from '../protocol/oauth/grants.js'
import { memoryStore } from '../store/memory.js'
import { fail, path } from './option_error.js'
import type { DeferredTokenResponseOptions, Settings } from './options.js'

type Check = (value: unknown, at: string) => void

const positive: Check = (value, at) => {
  if (!isLifetime(value)) fail(at, `must be ${lifetimeText}`)
}
const boolean: Check = (value, at) => {
  if (typeof value !== 'boolean') fail(at, 'must be true or false')
}
const callback: Check = (value, at) => {
  if (typeof value !== 'function') fail(at, 'must be a function')
}

const checks: Record<keyof DeferredTokenResponseOptions, Check> = {
  enabled: boolean,
  store: assertStore,
  defer: callback,
  keys: assertKeys,
  profiles: assertProfiles,
  ttl: members({ deferredCode: assertCodeLifetime, deferral: positive }),
  retryWindow: assertRetryWindow,
  interval: positive,
  requireSenderConstraint: boolean,
  interimIdToken: callback,
  grants: assertGrants,
  reconsider: callback,
  narrow: assertNarrowing,
  notification: members({
    allow: assertRanges,
    deny: assertRangesOrHosts,
    ports: assertPorts,
    ca: assertCertificates,
    resolve: callback,
    worker: boolean,
  }),
  routes: members({ cancellation: assertRoute }),
  now: callback,
}

/** Checks the options and fills in the defaults; a `TypeError` starts with the option's path. */
export function settle(options: DeferredTokenResponseOptions): Settings {
  members(checks)(options, path)
  const { defer = answerAtOnce, keys = [], interval = 5, requireSenderConstraint = true, narrow = {}, now } = options
  const { notification = {} } = options
  const { grants, interimIdToken, reconsider } = options
  return {
    store: options.store ?? memoryStore(),
    defer,
    keys,
    ttl: { deferredCode: options.ttl?.deferredCode ?? 60, deferral: options.ttl?.deferral ?? 86_400 },
    retryWindow: options.retryWindow ?? 0,
    interval,
    requireSenderConstraint,
    narrow,
    notification,
    profiles: { openid: options.profiles?.openid ?? true, oauth: options.profiles?.oauth ?? true },
    ...(grants && { grants }),
    ...(reconsider && { reconsider }),
    ...(interimIdToken && { interimIdToken }),
    routes: { cancellation: options.routes?.cancellation ?? '/deferred/cancel' },
    clock: now ?? (() => undefined),
  }
}

/** Says what the default store is good for, as the host does of its own. */
export function warnOfMemoryStore(): void {
  process.emitWarning(`${path}.store is not set: deferrals are kept in memory and lost on restart, use mongoStore(db)`)
}

/** Says which doors the operator has opened, so that a development setting is not forgotten in production. */
export function warnOfAllowedRanges({ notification: { allow = [] } }: Settings): void {
  if (allow.length === 0) return
  process.emitWarning(`${path}.notification.allow lets notifications reach ${allow.join(', ')}, public or not`)
}

/** Whether the options ask for the feature at all. */
export function isEnabled(options: DeferredTokenResponseOptions | undefined): options is DeferredTokenResponseOptions {
  if (options === undefined) return false
  if (typeof options !== 'object' || options === null) fail(path, 'must be an object, use { enabled: true }')
  return options.enabled !== false
}

function assertCodeLifetime(seconds: unknown, at: string): void {
  positive(seconds, at)
  // C-O19: it travels through the browser
  if ((seconds as number) > 600) fail(at, 'must be at most 600 seconds')
}

function assertRetryWindow(seconds: unknown, at: string): void {
  const isWindow = Number.isInteger(seconds) && (seconds as number) >= 0 && (seconds as number) <= 300
  if (!isWindow) fail(at, 'must be whole seconds, from 0 (off) to 300')
}

function members(known: Record<string, Check>): Check {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(at, 'must be an object')
    for (const [name, member] of Object.entries(value)) {
      const check = Object.hasOwn(known, name) ? known[name] : undefined
      if (!check) fail(`${at}.${name}`, `is not an option, use one of ${Object.keys(known).join(', ')}`)
      if (member !== undefined) check(member, `${at}.${name}`)
    }
  }
}

function assertStore(store: unknown, at: string): void {
  const missing = storeOperations.filter(
    (name) => typeof (store as Record<string, unknown> | null)?.[name] !== 'function',
  )
  if (missing.length)
    fail(at, `must be a DeferralStore such as memoryStore() or mongoStore(db), it lacks ${missing.join(', ')}`)
}

function assertKeys(keys: unknown, at: string): void {
  if (!Array.isArray(keys)) fail(at, 'must be an array of 32-byte keys')
  for (const [index, key] of keys.entries()) {
    const bytes = typeof key === 'string' && /^[\w-]+$/.test(key) ? Buffer.from(key, 'base64url') : key
    if (!(bytes instanceof Uint8Array) || bytes.length !== 32) {
      fail(`${at}[${index}]`, 'must be 32 bytes, as a Uint8Array or base64url, e.g. of crypto.randomBytes(32)')
    }
  }
}

function assertProfiles(profiles: unknown, at: string): void {
  members({ openid: boolean, oauth: boolean })(profiles, at)
  const { openid = true, oauth = true } = profiles as { openid?: boolean; oauth?: boolean }
  if (!openid && !oauth) fail(at, 'must leave one profile on, use enabled: false to switch both off')
}

function assertGrants(grants: unknown, at: string): void {
  if (!Array.isArray(grants) || !grants.every((name) => typeof name === 'string')) {
    fail(at, "must be an array of grant types such as ['authorization_code', 'client_credentials']")
  }
  for (const [index, name] of grants.entries()) {
    const reason = undeferrable(name)
    if (reason) fail(`${at}[${index}]`, `must not be ${name}: it ${reason}`)
  }
}

function assertNarrowing(narrow: unknown, at: string): void {
  if (!isObject(narrow)) fail(at, 'must be an object of functions, one per type of authorization details')
  for (const [type, rule] of Object.entries(narrow)) callback(rule, `${at}.${type}`)
}

function assertRanges(ranges: unknown, at: string): void {
  assertEach(ranges, at, (entry) => isRange(entry), "a range or an address such as '10.1.0.0/16'")
}

function assertRangesOrHosts(entries: unknown, at: string): void {
  const isHost = (entry: unknown) =>
    typeof entry === 'string' && /^(?!(.*\.)?(\d+|0x[\da-f]*)$)[\w-]+(\.[\w-]+)*$/i.test(entry)
  const expected = "a range, an address or a host name such as '203.0.113.0/24' or 'internal.example.com'"
  assertEach(entries, at, (entry) => isRange(entry) || isHost(entry), expected)
}

function assertPorts(ports: unknown, at: string): void {
  const isPort = (port: unknown) => Number.isInteger(port) && (port as number) > 0 && (port as number) < 65_536
  assertEach(ports, at, isPort, 'a port such as 443')
  if ((ports as unknown[]).length === 0) fail(at, 'must not be empty, use [443]')
}

function assertCertificates(certificates: unknown, at: string): void {
  const each = [certificates].flat()
  if (each.length === 0 || !each.every(isCertificate)) fail(at, 'must be a PEM certificate, or an array of such')
}

function isCertificate(value: unknown): boolean {
  try {
    // this class would take DER as well, and TLS would not
    return /-----BEGIN/.test(Buffer.from(value as string).toString()) && Boolean(new X509Certificate(value as string))
  } catch {
    return false
  }
}

function assertEach(values: unknown, at: string, is: (value: unknown) => boolean, expected: string): void {
  if (!Array.isArray(values)) fail(at, `must be an array, each entry ${expected}`)
  for (const [index, value] of values.entries()) if (!is(value)) fail(`${at}[${index}]`, `must be ${expected}`)
}

function isRange(value: unknown): boolean {
  return typeof value === 'string' && toRange(value) !== undefined
}

function assertRoute(route: unknown, at: string): void {
  if (typeof route !== 'string' || !/^(\/[\w.~-]+)+$/.test(route)) fail(at, "must be a path such as '/deferred/cancel'")
}
