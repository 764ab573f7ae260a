import type { AuthorizationCode, Provider } from 'oidc-provider'
import { type Context, clientOf, currentContext, paramsOf } from '../context.js'
import { type Intercepts, type IssuedToken, interceptsOf, isUnsaved } from '../request/intercepts.js'

const installed = new WeakSet<Provider>()

/**
 * Overrides the models, once per provider. No public way: the host has no hook between validating a token request and storing its
 * tokens.
 */
export function installIntercepts(provider: Provider): void {
  if (installed.has(provider)) return
  installed.add(provider)
  interceptCodes(provider)
  const { AccessToken, ClientCredentials, RefreshToken } = provider
  for (const model of [AccessToken, ClientCredentials, RefreshToken]) interceptTokens(provider, model.prototype)
}

function interceptCodes(provider: Provider): void {
  const { AuthorizationCode } = provider as any
  const { find } = AuthorizationCode
  const { save, consume } = AuthorizationCode.prototype

  AuthorizationCode.prototype.save = function (this: AuthorizationCode, ...args: unknown[]) {
    const saveCode = taken(provider, 'saveCode', (ctx) => ctx.oidc.entities.AuthorizationCode === this)
    return saveCode ? saveCode(this) : save.apply(this, args)
  }
  AuthorizationCode.prototype.consume = function (this: AuthorizationCode) {
    return isUnsaved(this) ? Promise.resolve() : consume.call(this)
  }
  AuthorizationCode.find = function (this: unknown, value: string, ...args: unknown[]) {
    const findCode = taken(provider, 'findCode', (ctx) => paramsOf(ctx).code === value)
    return findCode ? findCode() : find.call(this, value, ...args)
  }
}

function interceptTokens(provider: Provider, prototype: any): void {
  const { save } = prototype
  async function saveAfter(token: IssuedToken, saveToken: NonNullable<Intercepts['saveToken']>, args: unknown[]) {
    await saveToken(token)
    return save.apply(token, args)
  }

  prototype.save = function (this: IssuedToken, ...args: unknown[]) {
    const ctx = currentContext(provider)
    const these = ctx && interceptsOf(ctx)
    if (!ctx || !these?.saveToken || !isIssued(ctx, this, these)) return save.apply(this, args)
    return saveAfter(this, these.saveToken, args)
  }
}

function taken<K extends 'saveCode' | 'findCode'>(
  provider: Provider,
  name: K,
  isTheHosts: (ctx: Context) => boolean,
): Intercepts[K] | undefined {
  const ctx = currentContext(provider)
  const these = ctx && interceptsOf(ctx)
  const one = these?.[name]
  if (!ctx || !one || !isTheHosts(ctx)) return undefined
  delete these[name]
  return one
}

// a findAccount that saves a token of its own must not be taken for the host
function isIssued(ctx: Context, token: IssuedToken, { isTheirs }: Intercepts): boolean {
  if (isTheirs) return token.clientId === clientOf(ctx).clientId
  return ctx.oidc.entities[token.kind as 'AccessToken'] === token
}
