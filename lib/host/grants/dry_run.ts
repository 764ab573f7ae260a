import type { Binding, JsonObject } from '../../deferral/deferral.js'
import { type Context, type Params, paramsOf } from '../context.js'
import { HandlerStopped, plainFault, withPlainFaults } from '../faults.js'
import type { Host } from '../host.js'
import { type IssuedToken, intercept } from '../request/intercepts.js'
import type { GrantHandler } from '../seams.js'
import { narrowAnswer } from './allowed_tokens.js'
import { installationOf } from './attestation.js'
import { codeFrom } from './authorization_code.js'
import { delayConsumption } from './decide_first.js'

/**
 * Runs a grant handler of the host with other parameters, then restores the parameters of the client. Callbacks of the
 * integrator see the grant type of that handler.
 */
export async function runHandler(ctx: Context, handler: GrantHandler, replacements: Params): Promise<void> {
  const params = paramsOf(ctx)
  const originals: Params = {}
  for (const name of Object.keys(replacements)) {
    originals[name] = params[name]
    params[name] = replacements[name]
  }
  try {
    await withPlainFaults(handler(ctx))
  } finally {
    Object.assign(params, originals)
  }
}

/** The parameters of a token request. Its code is a placeholder: an intercept answers the look-up. */
export function codeRequest(redirectUri: string | string[] | undefined): Params {
  return { grant_type: 'authorization_code', code: 'deferred', redirect_uri: redirectUri }
}

// one object for all requests: to capture a stack at every poll would be slow
const stop = new HandlerStopped('the plugin stops the handler here')

/** Stops the handler that calls this. */
export function stopHandler(): never {
  throw stop
}

/** Runs a grant handler of the host up to `stopHandler`. */
export async function runUntilStop(ctx: Context, handler: GrantHandler, params: Params): Promise<void> {
  try {
    await runHandler(ctx, handler, params)
  } catch (error) {
    if (error === stop) return
    throw error
  }
  throw new Error('the host ended its grant without AuthorizationCode.find or AccessToken.save')
}

/** Runs a grant handler of the host for this request. `true`: `stopHandler` has ended it, and nothing is answered yet. */
export async function runUntilStopped(ctx: Context, handler: GrantHandler): Promise<boolean> {
  try {
    await handler(ctx)
    return false
  } catch (error) {
    if (error === stop) return true
    throw error
  }
}

/**
 * Makes the host validate a whole token request for a code that is made from `source`. Stops the host when it is about to store
 * a token. Returns the key that the tokens would be bound to. With `consumed` the host revokes the Grant, as for any reused
 * code.
 */
export async function dryRun(
  ctx: Context,
  { provider, codeHandler }: Host,
  source: JsonObject,
  { consumed = false } = {},
): Promise<Binding> {
  let binding: Binding = {}
  intercept(ctx, {
    findCode: async () => codeFrom(provider, source, { consumed }),
    async saveToken(token) {
      binding = await bindingOf(ctx, token)
      stopBefore(ctx, token)
    },
  })
  const redirectUri = paramsOf(ctx).redirect_uri ?? (source.redirectUri as string)
  await runUntilStop(ctx, codeHandler, codeRequest(redirectUri))
  return binding
}

/**
 * Runs a grant handler of the host for this request. Calls `decide` with the key for the tokens when the host has validated
 * everything and has stored nothing. If `decide` returns a result, the handler stops, and this function returns that result. If
 * it returns `undefined`, the host answers the request, and its errors are rethrown unchanged. If it throws, the code of the
 * request is not consumed.
 */
export async function dryRunThen<T>(
  ctx: Context,
  handler: GrantHandler,
  decide: (binding: Binding) => Promise<T | undefined>,
): Promise<T | undefined> {
  const consume = delayConsumption(ctx)
  let result: T | undefined
  let isAsked = false
  let isAnsweredByHost = false
  intercept(ctx, {
    async saveToken(token) {
      intercept(ctx, {})
      isAsked = true
      result = await decideBefore(ctx, token, decide)
      await consume()
      if (result !== undefined) stopBefore(ctx, token)
      narrowAnswer(ctx, token)
      isAnsweredByHost = true
    },
  })
  try {
    await handler(ctx)
  } catch (error) {
    if (!isAsked) await consume()
    if (error !== stop) throw isAnsweredByHost ? error : plainFault(error)
  }
  return result
}

async function decideBefore<T>(
  ctx: Context,
  token: IssuedToken,
  decide: (binding: Binding) => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    return await decide(await bindingOf(ctx, token))
  } catch (error) {
    forget(ctx, token)
    throw error
  }
}

// listeners of the host's events must not see a token that was not issued
function forget(ctx: Context, { kind }: IssuedToken): void {
  delete (ctx.oidc.entities as Record<string, unknown>)[kind]
}

function stopBefore(ctx: Context, token: IssuedToken): never {
  forget(ctx, token)
  return stopHandler()
}

async function bindingOf(ctx: Context, token: IssuedToken): Promise<Binding> {
  const { jkt, 'x5t#S256': x5t } = token as { jkt?: string; 'x5t#S256'?: string }
  return { ...(jkt && { jkt }), ...(x5t && { x5t }), ...(await installationOf(ctx)) }
}
