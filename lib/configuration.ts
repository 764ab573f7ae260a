import { isObject } from './deferral/json.js'
import { isLifetime, lifetimeText } from './deferral/lifetime.js'
import { storeVerbs } from './deferral/store.js'
import { undeferrable } from './oauth/grants.js'
import type { DeferredTokenResponseOptions, Settings } from './options.js'
import { fail, path } from './options_error.js'
import { memoryStore } from './stores/memory.js'

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
  interval: positive,
  requireSenderConstraint: boolean,
  interimIdToken: callback,
  grants: assertGrants,
  reconsider: callback,
  narrow: assertNarrowing,
  routes: members({ cancellation: assertRoute }),
  now: callback,
}

/** Checks the options and fills in the defaults; a `TypeError` starts with the option's path. */
export function settle(options: DeferredTokenResponseOptions): Settings {
  members(checks)(options, path)
  const { defer = () => false, keys = [], interval = 5, requireSenderConstraint = true, narrow = {}, now } = options
  const { grants, interimIdToken, reconsider } = options
  return {
    store: options.store ?? memoryStore(),
    defer,
    keys,
    ttl: { deferredCode: options.ttl?.deferredCode ?? 60, deferral: options.ttl?.deferral ?? 86_400 },
    interval,
    requireSenderConstraint,
    narrow,
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
  const missing = storeVerbs.filter((verb) => typeof (store as Record<string, unknown> | null)?.[verb] !== 'function')
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

function assertRoute(route: unknown, at: string): void {
  if (typeof route !== 'string' || !/^(\/[\w.~-]+)+$/.test(route)) fail(at, "must be a path such as '/deferred/cancel'")
}
