import type { Provider } from 'oidc-provider'
import { answerJson } from '../context.js'
import { routedRequest, urlsOf } from '../request/token_route.js'

const bodies = new WeakMap<object, unknown>()

/**
 * Overrides three members of the host's context. A request to the cancellation endpoint gets the first of our grant types and
 * keeps its own URL. Errors of our grants are rendered as JSON. No public way: the host binds client authentication, DPoP and
 * CORS to its own routes, so another endpoint would need a copy of them.
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
      const request = routedRequest(this.ctx)
      const body = request ? { ...parsed, ...request.body, grant_type: grantTypes[0] } : parsed
      bodies.set(this.ctx, body)
      // here, before the host can refuse the request: clients that poll expect JSON
      const sent = body?.grant_type
      const isOurs = Array.isArray(sent)
        ? sent.some((value) => grantTypes.includes(value))
        : grantTypes.includes(sent as string)
      if (isOurs && this.route === 'token') answerJson(this.ctx)
    },
  })
  prototype.urlFor = function (this: { ctx: object }, name: string, ...args: unknown[]) {
    const request = routedRequest(this.ctx)
    return request && name === 'token' ? urlsOf(request).own : urlFor.call(this, name, ...args)
  }
  prototype.clientJwtAuthExpectedAudience = function (this: { ctx: object }) {
    const audience: Set<string> = clientJwtAuthExpectedAudience.call(this)
    const request = routedRequest(this.ctx)
    return request ? audience.add(urlsOf(request).token) : audience
  }
}
