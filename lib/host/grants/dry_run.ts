import type { Provider } from 'oidc-provider'
import type { Binding, JsonObject } from '../../deferral/deferral.js'
import { type Context, type Params, paramsOf } from '../context.js'
import { HandlerStopped, plainFault, withPlainFaults } from '../faults.js'
import { type IssuedToken, intercept } from '../overrides/storage.js'
import { installationOf } from './attestation.js'
import { codeFrom } from './authorization_code.js'

/** A grant handler of the host, kept from the start. */
export type GrantHandler = (ctx: Context) => Promise<void>

/**
 * Runs a grant handler of the host with these parameters in place, then restores what the client sent. Integrators' callbacks
 * see the grant type that the host's handler would have seen.
 */
export async function runHandler(ctx: Context, handler: GrantHandler, lent: Params): Promise<void> {
  const params = paramsOf(ctx)
  const sent: Params = {}
  for (const name of Object.keys(lent)) {
    sent[name] = params[name]
    params[name] = lent[name]
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

/**
 * Calls `look` when the host has verified whatever proof of possession came with this request, and resolves to what it saw.
 * No public way: DPoP validation with its nonces, algorithms and errors is internal to the host's handlers.
 */
export async function afterProof<T>(ctx: Context, codeHandler: GrantHandler, look: () => Promise<T>): Promise<T> {
  // without a proof the host verifies nothing before it looks the code up
  if (!ctx.get('DPoP')) return look()
  const stop = new HandlerStopped()
  intercept(ctx, {
    async findCode() {
      stop.result = await look()
      throw stop
    },
  })
  await stopped(runHandler(ctx, codeHandler, codeRequest('deferred')), stop)
  return stop.result as T
}

/**
 * Has the host validate the whole token request for a code made from `source`, and stops it at the moment it would store a
 * token. Resolves to the key the tokens would have been bound to. With `consumed` the host ends the grant as for any reused code.
 */
export async function dryRun(
  ctx: Context,
  { provider, handler }: { provider: Provider; handler: GrantHandler },
  source: JsonObject,
  { consumed = false } = {},
): Promise<Binding> {
  const stop = new HandlerStopped()
  intercept(ctx, {
    findCode: async () => codeFrom(provider, source, { consumed }),
    saveToken: (token) => stopAt(ctx, token, stop),
  })
  const redirectUri = paramsOf(ctx).redirect_uri ?? (source.redirectUri as string)
  await stopped(runHandler(ctx, handler, codeRequest(redirectUri)), stop)
  return stop.binding
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
  const stop = new HandlerStopped()
  let isTheHosts = false
  intercept(ctx, {
    async saveToken(token) {
      intercept(ctx, {})
      stop.result = await consider(await bindingOf(ctx, token))
      if (stop.result !== undefined) await stopAt(ctx, token, stop)
      isTheHosts = true
    },
  })
  try {
    await handler(ctx)
  } catch (caught) {
    if (caught !== stop) throw isTheHosts ? caught : plainFault(caught)
  }
  return stop.result as T | undefined
}

async function stopAt(ctx: Context, token: IssuedToken, stop: HandlerStopped): Promise<never> {
  stop.binding = await bindingOf(ctx, token)
  // listeners of the host's events must not take it for one that was issued
  delete (ctx.oidc.entities as Record<string, unknown>)[token.kind]
  throw stop
}

async function bindingOf(ctx: Context, token: IssuedToken): Promise<Binding> {
  const { jkt, 'x5t#S256': x5t } = token as { jkt?: string; 'x5t#S256'?: string }
  return { ...(jkt && { jkt }), ...(x5t && { x5t }), ...(await installationOf(ctx)) }
}

async function stopped(run: Promise<void>, stop: HandlerStopped): Promise<void> {
  try {
    await run
  } catch (caught) {
    if (caught === stop) return
    throw caught
  }
  throw new Error('the host stored an access token without AccessToken.save')
}
