import type { Binding, JsonObject } from '../../deferral/deferral.js'
import { type Context, type Params, paramsOf } from '../context.js'
import { HandlerStopped, plainFault, withPlainFaults } from '../faults.js'
import type { Host } from '../host.js'
import { type IssuedToken, intercept } from '../request/intercepts.js'
import type { GrantHandler } from '../seams.js'
import { installationOf } from './attestation.js'
import { codeFrom } from './authorization_code.js'

/**
 * Runs a grant handler of the host with these parameters in place, then restores those the client sent. Integrators' callbacks
 * see the grant type that the host's handler would have seen.
 */
export async function runHandler(ctx: Context, handler: GrantHandler, given: Params): Promise<void> {
  const params = paramsOf(ctx)
  const sent: Params = {}
  for (const name of Object.keys(given)) {
    sent[name] = params[name]
    params[name] = given[name]
  }
  try {
    await withPlainFaults(handler(ctx))
  } finally {
    Object.assign(params, sent)
  }
}

/** The parameters of a request for a code that was never stored. */
export function codeRequest(redirectUri: string | string[] | undefined): Params {
  return { grant_type: 'authorization_code', code: 'deferred', redirect_uri: redirectUri }
}

// one for all requests: a stop is no fault, and capturing a stack at every poll would cost
const stop = new HandlerStopped('the plugin stops the handler here')

/** Ends the handler that runs. */
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

/**
 * Has the host validate the whole token request for a code made from `source`, and stops it at the moment it would store a
 * token. Resolves to the key the tokens would have been bound to. With `consumed` the host ends the grant as for any reused code.
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
 * Runs a grant handler of the host on the request as it came. When everything is validated and nothing stored, `consider` is
 * called with the key the tokens would be bound to. A result of `consider` stops the handler there, and is the result of this
 * function. `undefined` lets the host go on and answer; errors from then on are the host's.
 */
export async function dryRunThen<T>(
  ctx: Context,
  handler: GrantHandler,
  consider: (binding: Binding) => Promise<T | undefined>,
): Promise<T | undefined> {
  let result: T | undefined
  let isTheHosts = false
  intercept(ctx, {
    async saveToken(token) {
      intercept(ctx, {})
      result = await consider(await bindingOf(ctx, token))
      if (result !== undefined) stopBefore(ctx, token)
      isTheHosts = true
    },
  })
  try {
    await handler(ctx)
  } catch (error) {
    if (error !== stop) throw isTheHosts ? error : plainFault(error)
  }
  return result
}

function stopBefore(ctx: Context, { kind }: IssuedToken): never {
  // listeners of the host's events must not take it for one that was issued
  delete (ctx.oidc.entities as Record<string, unknown>)[kind]
  return stopHandler()
}

async function bindingOf(ctx: Context, token: IssuedToken): Promise<Binding> {
  const { jkt, 'x5t#S256': x5t } = token as { jkt?: string; 'x5t#S256'?: string }
  return { ...(jkt && { jkt }), ...(x5t && { x5t }), ...(await installationOf(ctx)) }
}
