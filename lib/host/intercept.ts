import type { AccessToken, AuthorizationCode, Provider } from 'oidc-provider'
import { type Context, currentContext, paramsOf } from './context.js'

/** What takes the place of the host's own storage during one request; each applies once, and only to the host's own object. */
export interface Intercepts {
  /** instead of storing the authorization code; resolves to the value handed out */
  saveCode?: (code: AuthorizationCode) => Promise<string>
  /** instead of looking the authorization code up */
  findCode?: () => Promise<AuthorizationCode | undefined>
  /** before the access token is stored; throws to keep it from being stored */
  saveAccessToken?: (token: AccessToken) => void
}

const intercepts = new WeakMap<Context, Intercepts>()
const waiting = new WeakSet<AuthorizationCode>()

/** Has the host's storage intercepted for the rest of this request. */
export function intercept(ctx: Context, these: Intercepts): void {
  intercepts.set(ctx, these)
}

/** Marks a code that was never stored, and so cannot be consumed there. */
export function markWaiting(code: AuthorizationCode): AuthorizationCode {
  waiting.add(code)
  return code
}

/** Overrides the models. No public way: the host has no hook between validating a token request and storing its tokens. */
export function installIntercepts(provider: Provider): void {
  const { AuthorizationCode, AccessToken } = provider as any
  const { find } = AuthorizationCode
  const { save, consume } = AuthorizationCode.prototype
  const saveToken = AccessToken.prototype.save

  AuthorizationCode.prototype.save = function (this: AuthorizationCode, ...args: unknown[]) {
    const saveCode = taken(provider, 'saveCode', (ctx) => ctx.oidc.entities.AuthorizationCode === this)
    return saveCode ? saveCode(this) : save.apply(this, args)
  }
  AuthorizationCode.prototype.consume = async function (this: AuthorizationCode) {
    if (!waiting.has(this)) await consume.call(this)
  }
  AuthorizationCode.find = async function (this: unknown, value: string, ...args: unknown[]) {
    const findCode = taken(provider, 'findCode', (ctx) => paramsOf(ctx).code === value)
    return findCode ? findCode() : find.call(this, value, ...args)
  }
  AccessToken.prototype.save = async function (this: AccessToken, ...args: unknown[]) {
    taken(provider, 'saveAccessToken', (ctx) => ctx.oidc.entities.AccessToken === this)?.(this)
    return saveToken.apply(this, args)
  }
}

function taken<K extends keyof Intercepts>(
  provider: Provider,
  name: K,
  isTheHosts: (ctx: Context) => boolean,
): Intercepts[K] | undefined {
  const ctx = currentContext(provider)
  const these = ctx && intercepts.get(ctx)
  const one = these?.[name]
  if (!ctx || !one || !isTheHosts(ctx)) return undefined
  delete these[name]
  return one
}
