import { type Account, type Client, errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { Deferral, JsonObject } from '../deferral/deferral.js'
import type { DeferralRecord } from '../deferral/deferral_record.js'
import { describe } from '../deferral/describe.js'
import { hasHungUp } from './hung_up.js'
import { assertNesting } from './nesting.js'

/** The parameters of a request. The host's handlers read them. The plugin replaces some while it runs such a handler. */
export type Params = Record<string, string | string[] | undefined>

/** The host's context of a request. Its client is authenticated or looked up. */
export type Context = KoaContextWithOIDC

/** The parameters of this request, which the host and the plugin may change. */
export function paramsOf(ctx: Context): Params {
  return ctx.oidc.params as Params
}

/**
 * The `authorization_details` of this request. The host has validated them. Throws `invalid_request` if they are nested too
 * deeply.
 */
export function detailsOf(ctx: Context): JsonObject[] | undefined {
  const { authorization_details: details } = paramsOf(ctx)
  if (typeof details !== 'string') return undefined
  const parsed = JSON.parse(details)
  assertNesting('authorization_details', parsed)
  return parsed
}

/** The body as the client sent it. The host drops parameters that the grant does not declare from `ctx.oidc.params`. */
export function bodyOf(ctx: Context): Record<string, unknown> | undefined {
  return ctx.oidc.body as Record<string, unknown> | undefined
}

/** The values of a parameter in the body. A parameter without a value counts as omitted (RFC 6749, section 3.2). */
export function sentValues(ctx: Context, name: string): string[] {
  const sent = bodyOf(ctx)?.[name]
  if (sent === undefined) return []
  return [sent]
    .flat()
    .filter((value) => value !== '')
    .map(String)
}

/** The authenticated client. */
export function clientOf(ctx: Context): Client {
  return ctx.oidc.client as Client
}

/** The account of the end-user; `undefined` until the host has loaded it. */
export function accountOf(ctx: Context): Account | undefined {
  return ctx.oidc.account
}

/** The request that this provider is handling now, for code that the host calls without a `ctx`. */
export function currentContext(provider: Provider): Context | undefined {
  // static: the host has one AsyncLocalStorage for all providers of the process
  const { ctx } = provider.constructor as unknown as { ctx?: Context }
  return ctx?.oidc?.provider === provider ? ctx : undefined
}

/** Calls `then` when Node.js has handed the whole answer to the network. Never calls it if that fails. */
export function onceAnswered(ctx: Context, then: () => void): void {
  ctx.res.once('finish', then)
}

/** Calls `then` when the client closes its connection before the answer. Returns a function that undoes this. */
export function onceClosed({ res }: Context, then: () => void): () => void {
  res.once('close', then)
  return () => void res.off('close', then)
}

/**
 * Throws if the client has closed its connection. Call it before a write that uses up a code: the client would not get the
 * answer, and would have to send the same code again.
 */
export function assertConnected(ctx: Context): void {
  if (hasHungUp(ctx)) throw new errors.AuthorizationPending('the client has hung up')
}

const json = () => 'json'

/** Makes the host render every answer to this request as JSON. It would render errors as HTML for `Accept: text/html`. */
export function answerJson(ctx: Context): void {
  ctx.accepts = json as typeof ctx.accepts
}

/** Sets `ctx.oidc.entities.Deferral`. The object is made when a callback first reads it: in most polls none does. */
export function setDeferral(ctx: Context, record: DeferralRecord): void {
  let deferral: Deferral | undefined
  const get = () => {
    deferral ??= describe(record)
    return deferral
  }
  Object.defineProperty(ctx.oidc.entities, 'Deferral', { configurable: true, enumerable: true, get })
}
