import type { Provider } from 'oidc-provider'
import type { Binding, JsonObject } from '../deferral/deferral.js'
import { codeFrom } from './authorization_code.js'
import { type Context, type Params, paramsOf } from './context.js'
import { withPlainFaults } from './faults.js'
import { intercept } from './intercept.js'

/** The host's own authorization_code handler, kept from the start. */
export type CodeHandler = (ctx: Context) => Promise<void>

/** Ends the host's handler where we want it to end; never leaves the functions of this file. */
class Stop {
  binding: Binding = {}
  seen: unknown
}

/**
 * Runs the host's authorization_code handler with these parameters in place, then restores what the client sent.
 * Integrators' callbacks see the grant type that the host's handler would have seen.
 */
export async function runHandler(ctx: Context, handler: CodeHandler, lent: Params): Promise<void> {
  const params = paramsOf(ctx)
  const all: Params = { grant_type: 'authorization_code', code: 'deferred', ...lent }
  const sent: Params = {}
  for (const name of Object.keys(all)) {
    sent[name] = params[name]
    params[name] = all[name]
  }
  try {
    await withPlainFaults(handler(ctx))
  } finally {
    Object.assign(params, sent)
  }
}

/**
 * Calls `look` when the host has verified whatever proof of possession came with this request, and resolves to what it saw.
 * No public way: DPoP validation with its nonces, algorithms and errors is internal to the host's handlers.
 */
export async function afterProof<T>(ctx: Context, handler: CodeHandler, look: () => Promise<T>): Promise<T> {
  // without a proof the host verifies nothing before it looks the code up
  if (!ctx.get('DPoP')) return look()
  const stop = new Stop()
  intercept(ctx, {
    async findCode() {
      stop.seen = await look()
      throw stop
    },
  })
  await stopped(runHandler(ctx, handler, { redirect_uri: 'deferred' }), stop)
  return stop.seen as T
}

/**
 * Has the host validate the whole token request for a code made from `source`, and stops it at the moment it would store a
 * token. Resolves to the key the tokens would have been bound to. With `consumed` the host ends the grant as for any reused code.
 */
export async function hold(
  ctx: Context,
  { provider, handler }: { provider: Provider; handler: CodeHandler },
  source: JsonObject,
  { consumed = false } = {},
): Promise<Binding> {
  const stop = new Stop()
  intercept(ctx, {
    findCode: async () => codeFrom(provider, source, { consumed }),
    saveAccessToken(token) {
      const { jkt, 'x5t#S256': x5t } = token as { jkt?: string; 'x5t#S256'?: string }
      stop.binding = { ...(jkt && { jkt }), ...(x5t && { x5t }) }
      // listeners of grant.success must not take it for one that was issued
      delete (ctx.oidc.entities as { AccessToken?: unknown }).AccessToken
      throw stop
    },
  })
  await stopped(
    runHandler(ctx, handler, { redirect_uri: paramsOf(ctx).redirect_uri ?? (source.redirectUri as string) }),
    stop,
  )
  return stop.binding
}

async function stopped(run: Promise<void>, stop: Stop): Promise<void> {
  try {
    await run
  } catch (caught) {
    if (caught === stop) return
    throw caught
  }
  throw new Error('the host stored an access token without AccessToken.save')
}
