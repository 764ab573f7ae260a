import type { AuthorizationCode, Provider } from 'oidc-provider'
import { type Context, clientOf, currentContext, paramsOf } from '../context.js'
import { type Intercepts, type IssuedToken, interceptsOf, isUnsaved } from '../request/intercepts.js'

const providers = new WeakSet<Provider>()

/**
 * Overrides `AuthorizationCode.save`, `find` and `consume`, and `save` of the tokens, with the intercepts of the request. Does
 * nothing at the second call for a provider. No public way: the host has no hook between the validation of a token request and
 * the storage of its tokens.
 */
export function installIntercepts(provider: Provider): void {
  if (providers.has(provider)) return
  providers.add(provider)
  interceptCodes(provider)
  const { AccessToken, ClientCredentials, RefreshToken } = provider
  for (const model of [AccessToken, ClientCredentials, RefreshToken]) interceptTokens(provider, model.prototype)
}

function interceptCodes(provider: Provider): void {
  const { AuthorizationCode } = provider as any
  const { find } = AuthorizationCode
  const { save, consume } = AuthorizationCode.prototype

  AuthorizationCode.prototype.save = function (this: AuthorizationCode, ...args: unknown[]) {
    const saveCode = takeIntercept(provider, 'saveCode', (ctx) => ctx.oidc.entities.AuthorizationCode === this)
    return saveCode ? saveCode(this) : save.apply(this, args)
  }
  AuthorizationCode.prototype.consume = function (this: AuthorizationCode) {
    return isUnsaved(this) ? Promise.resolve() : consume.call(this)
  }
  AuthorizationCode.find = function (this: unknown, value: string, ...args: unknown[]) {
    const findCode = takeIntercept(provider, 'findCode', (ctx) => paramsOf(ctx).code === value)
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
    const intercepts = ctx && interceptsOf(ctx)
    if (!ctx || !intercepts?.saveToken || !isIssued(ctx, this, intercepts)) return save.apply(this, args)
    return saveAfter(this, intercepts.saveToken, args)
  }
}

// an intercept applies once, and only to the host's own object: a callback may look up or save another code
function takeIntercept<K extends 'saveCode' | 'findCode'>(
  provider: Provider,
  name: K,
  isOfHost: (ctx: Context) => boolean,
): Intercepts[K] | undefined {
  const ctx = currentContext(provider)
  const intercepts = ctx && interceptsOf(ctx)
  const replacement = intercepts?.[name]
  if (!ctx || !replacement || !isOfHost(ctx)) return undefined
  delete intercepts[name]
  return replacement
}

// a callback such as findAccount may save other tokens during the request
function isIssued(ctx: Context, token: IssuedToken, { isCustomGrant }: Intercepts): boolean {
  if (isCustomGrant) return token.clientId === clientOf(ctx).clientId
  return ctx.oidc.entities[token.kind as 'AccessToken'] === token
}
