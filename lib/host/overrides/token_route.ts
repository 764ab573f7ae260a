import { errors, type Provider } from 'oidc-provider'
import { answerJson, type Context } from '../context.js'

interface RoutedRequest {
  /** the URLs of our endpoint and of the token endpoint, as discovery has them; `undefined`: the request names no valid host */
  urls: { own: string; token: string } | undefined
  /** the parsed body, if it is no form; or the error that refuses it */
  body: Record<string, string> | Error | undefined
}

const routed = new WeakMap<object, RoutedRequest>()
const bodies = new WeakMap<object, unknown>()

/** Whether this request came to an endpoint of ours that runs on the host's token route. */
export function isCancellation(ctx: Context): boolean {
  return routed.has(ctx)
}

/** Whether a request is for this route, by the rules of the host's router: neither case nor one slash at the end matters. */
export function routeMatcher(route: string): (path: string) => boolean {
  const pattern = new RegExp(`^${route.replace(/[^\w/]/g, '\\$&')}/?$`, 'i')
  return (path) => pattern.test(path)
}

/** The public URL of one of our routes: beside the token endpoint. */
export function urlBeside(oidc: { urlFor(name: string): string }, tokenRoute: string, route: string): string {
  return new URL(oidc.urlFor('token').slice(0, -tokenRoute.length) + route).href
}

/**
 * Has the host handle this request as one to its token endpoint, while the client's proofs stay bound to the URL of our own.
 * `body` is the parsed body if it is no form, or the error that refuses it.
 */
export function handleAsTokenRequest(
  ctx: any,
  provider: Provider,
  { tokenRoute, route, body }: { tokenRoute: string; route: string; body: RoutedRequest['body'] },
): void {
  // before the path changes: the host finds its mount point by the path
  const oidc = URL.canParse(ctx.href) ? new (provider as any).OIDCContext(ctx) : undefined
  const urls = oidc && { own: urlBeside(oidc, tokenRoute, route), token: oidc.urlFor('token') }
  routed.set(ctx, { urls, body })
  if (body) replaceForm(ctx, body)
  ctx.path = tokenRoute
}

// without a media type the host's parser takes the body for an empty one; an error thrown here is rendered by the host
function replaceForm(ctx: any, body: NonNullable<RoutedRequest['body']>): void {
  const { get } = ctx
  ctx.get = (field: string) => {
    // middleware that runs before the host's route sees the request unchanged
    if (!ctx.oidc || field.toLowerCase() !== 'content-type') return get.call(ctx, field)
    // and so do callbacks after the parser
    ctx.get = get
    if (body instanceof Error) throw body
    return ''
  }
}

function urlsOf({ urls }: RoutedRequest): NonNullable<RoutedRequest['urls']> {
  if (!urls) throw new errors.InvalidRequest('the Host header must be a host name, with a port from 0 to 65535 if any')
  return urls
}

/**
 * Overrides three members of the host's context. A request to an endpoint of ours gets the first of our grant types, and errors
 * of our grants are rendered as JSON. No public way: the host binds client authentication, DPoP and CORS to its own routes, and a
 * second endpoint with all of them would be a copy.
 */
export function installTokenRoute(provider: Provider, grantTypes: readonly string[]): void {
  const prototype = (provider as any).OIDCContext.prototype
  const { urlFor, clientJwtAuthExpectedAudience } = prototype

  Object.defineProperty(prototype, 'body', {
    configurable: true,
    get(this: { ctx: object }) {
      return bodies.get(this.ctx)
    },
    set(this: { ctx: any; route: string }, parsed: { grant_type?: unknown }) {
      const loan = routed.get(this.ctx)
      const body = loan ? { ...parsed, ...loan.body, grant_type: grantTypes[0] } : parsed
      bodies.set(this.ctx, body)
      // before anything can be refused: clients that poll read JSON
      const sent = body?.grant_type
      const isOurs = Array.isArray(sent)
        ? sent.some((one) => grantTypes.includes(one))
        : grantTypes.includes(sent as string)
      if (isOurs && this.route === 'token') answerJson(this.ctx)
    },
  })
  prototype.urlFor = function (this: { ctx: object }, name: string, ...args: unknown[]) {
    const loan = routed.get(this.ctx)
    return loan && name === 'token' ? urlsOf(loan).own : urlFor.call(this, name, ...args)
  }
  prototype.clientJwtAuthExpectedAudience = function (this: { ctx: object }) {
    const audience: Set<string> = clientJwtAuthExpectedAudience.call(this)
    const loan = routed.get(this.ctx)
    return loan ? audience.add(urlsOf(loan).token) : audience
  }
}
