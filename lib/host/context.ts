import { type Account, type Client, errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { Deferral, DeferralRecord, JsonObject } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import { assertNesting } from './nesting.js'

/** The parameters of a request; the host's handlers read them, and some of ours are written for those. */
export type Params = Record<string, string | string[] | undefined>

/** The host's context of a request whose client is known. */
export type Context = KoaContextWithOIDC

/** The host's mutable parameters of this request. */
export function paramsOf(ctx: Context): Params {
  return ctx.oidc.params as Params
}

/** The `authorization_details` of this request, which the host has validated; `invalid_request` where they are nested too deeply. */
export function detailsOf(ctx: Context): JsonObject[] | undefined {
  const { authorization_details: details } = paramsOf(ctx)
  if (typeof details !== 'string') return undefined
  const parsed = JSON.parse(details)
  assertNesting('authorization_details', parsed)
  return parsed
}

/** The body as it came, before the host took out what the grant does not declare. */
export function bodyOf(ctx: Context): Record<string, unknown> | undefined {
  return ctx.oidc.body as Record<string, unknown> | undefined
}

/** The values of a parameter in the body as it came. One without a value is an omitted one (RFC 6749, section 3.2). */
export function sentValues(ctx: Context, name: string): string[] {
  const sent = [bodyOf(ctx)?.[name]].flat()
  return sent.filter((value) => value !== undefined && value !== '').map(String)
}

/** The authenticated client. */
export function clientOf(ctx: Context): Client {
  return ctx.oidc.client as Client
}

/** The account of the end-user, once the host has loaded it. */
export function accountOf(ctx: Context): Account | undefined {
  return ctx.oidc.account
}

/** The request this provider is handling right now, where the host does not hand a `ctx` over. */
export function currentContext(provider: Provider): Context | undefined {
  // static, from one AsyncLocalStorage of the host for all providers of the process
  const { ctx } = provider.constructor as unknown as { ctx?: Context }
  return ctx?.oidc?.provider === provider ? ctx : undefined
}

/** Runs when the whole answer to this request was handed to the network; never, where that fails. */
export function onceAnswered(ctx: Context, then: () => void): void {
  ctx.res.once('finish', then)
}

/** Whether the client has closed its connection, so that no answer would reach it. */
export function hasHungUp({ req, res }: Context): boolean {
  // a request over HTTP/2 has a stream of its own
  const { stream = req.socket } = req as { stream?: { destroyed: boolean } }
  return res.destroyed || (stream?.destroyed ?? false)
}

/** Refuses a request whose client has hung up: nobody would hear the answer, and a request that is sent again is not a second use. */
export function assertConnected(ctx: Context): void {
  if (hasHungUp(ctx)) throw new errors.AuthorizationPending('the client has hung up')
}

const json = () => 'json'

/** Has every answer to this request, errors too, rendered as JSON: the host turns to HTML for `Accept: text/html`. */
export function answerJson(ctx: Context): void {
  ctx.accepts = json as typeof ctx.accepts
}

/**
 * Sets `ctx.oidc.entities.Deferral`. The deferral is described when it is first read: most polls are answered without anybody
 * reading it.
 */
export function setDeferral(ctx: Context, record: DeferralRecord): void {
  let deferral: Deferral | undefined
  const get = () => {
    deferral ??= describe(record)
    return deferral
  }
  Object.defineProperty(ctx.oidc.entities, 'Deferral', { configurable: true, enumerable: true, get })
}
