import { errors } from 'oidc-provider'
import { parseUrl } from '../../deferral/parse_url.js'
import type { Context } from '../context.js'
import type { Host } from '../host.js'

/** A request to an endpoint of the plugin that the host handles as a token request. */
interface RoutedRequest {
  /** the public URLs of the plugin's endpoint and of the token endpoint; `undefined` if the Host header is not valid */
  urls: { own: string; token: string } | undefined
  /** the parsed JSON body, or the error to refuse it with; `undefined` for a form */
  body: Record<string, string> | Error | undefined
}

const requests = new WeakMap<object, RoutedRequest>()

/** The details of a request to the plugin's endpoint; `undefined` for a request to the token endpoint itself. */
export function routedRequest(ctx: object): RoutedRequest | undefined {
  return requests.get(ctx)
}

/** Whether this request came to the cancellation endpoint, the only one that uses the host's token route. */
export function isCancellation(ctx: Context): boolean {
  return requests.has(ctx)
}

/** Matches paths with a route as the host's router does: it ignores case, and one slash at the end. */
export function routeMatcher(route: string): (path: string) => boolean {
  const pattern = new RegExp(`^${route.replace(/[^\w/]/g, '\\$&')}/?$`, 'i')
  return (path) => pattern.test(path)
}

/** The public URL of a route of the plugin. It has the same base as the token endpoint. */
export function urlBeside(oidc: { urlFor(name: string): string }, tokenRoute: string, route: string): string {
  return new URL(oidc.urlFor('token').slice(0, -tokenRoute.length) + route).href
}

/**
 * Makes the host handle this request as a token request. The client's DPoP proof and assertion must still name the URL that the
 * client called. `body` is the parsed JSON body, or the error to refuse it with; `undefined` for a form.
 */
export function handleAsTokenRequest(
  ctx: any,
  { provider, tokenRoute }: Host,
  { route, body }: { route: string; body: RoutedRequest['body'] },
): void {
  // before the path changes: the host derives its mount point from it
  const oidc = parseUrl(ctx.href) ? new (provider as any).OIDCContext(ctx) : undefined
  const urls = oidc && { own: urlBeside(oidc, tokenRoute, route), token: oidc.urlFor('token') }
  requests.set(ctx, { urls, body })
  if (body) replaceForm(ctx, body)
  ctx.path = tokenRoute
}

// without a media type the host's parser reads an empty body; the host renders an error that is thrown here
function replaceForm(ctx: any, body: NonNullable<RoutedRequest['body']>): void {
  const { get } = ctx
  ctx.get = (field: string) => {
    // middleware that runs before the host's route must see the original header
    if (!ctx.oidc || field.toLowerCase() !== 'content-type') return get.call(ctx, field)
    // callbacks that run after the parser must see the original header too
    ctx.get = get
    if (body instanceof Error) throw body
    return ''
  }
}

/** The URLs of a request; throws `invalid_request` if its Host header is not valid. */
export function urlsOf({ urls }: RoutedRequest): NonNullable<RoutedRequest['urls']> {
  if (!urls) throw new errors.InvalidRequest('the Host header must be a host name, with a port from 0 to 65535 if any')
  return urls
}
