import { errors } from 'oidc-provider'
import type { Context } from '../context.js'
import type { Host } from '../host.js'

interface RoutedRequest {
  /** the URLs of our endpoint and of the token endpoint, as discovery has them; `undefined`: the request names no valid host */
  urls: { own: string; token: string } | undefined
  /** the parsed body, if it is no form; or the error that refuses it */
  body: Record<string, string> | Error | undefined
}

const routed = new WeakMap<object, RoutedRequest>()

/** How a request came to the token route; `undefined`: to the token endpoint itself. */
export function routedRequest(ctx: object): RoutedRequest | undefined {
  return routed.get(ctx)
}

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
  { provider, tokenRoute }: Host,
  { route, body }: { route: string; body: RoutedRequest['body'] },
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

/** The URLs of a request that came to the token route. */
export function urlsOf({ urls }: RoutedRequest): NonNullable<RoutedRequest['urls']> {
  if (!urls) throw new errors.InvalidRequest('the Host header must be a host name, with a port from 0 to 65535 if any')
  return urls
}
