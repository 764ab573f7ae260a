import { IncomingMessage } from 'node:http'
import type { Provider } from 'oidc-provider'
import { answerJson, type Context } from './context.js'

interface Loan {
  /** the URL the client called */
  called: string
  /** the URL of the token endpoint beside it */
  token: string
}

const loans = new WeakMap<object, Loan>()
const bodies = new WeakMap<object, unknown>()

/** Whether this request came to an endpoint of ours that runs on the host's token route. */
export function isLent(ctx: Context): boolean {
  return loans.has(ctx)
}

/** Has the host handle this request as one to its token endpoint, while the client's proofs stay bound to the URL it called. */
export function lendTokenRoute(ctx: any, tokenRoute: string): void {
  const { pathname } = new URL(ctx.req.originalUrl ?? ctx.originalUrl, 'http://localhost')
  const called = `${ctx.protocol}://${ctx.host}${pathname}`
  loans.set(ctx, { called, token: called.slice(0, -ctx.path.length) + tokenRoute })
  ctx.path = tokenRoute
}

/** Hands a parsed JSON body on as a form, in a request that is otherwise the one that came. */
export function replaceBody(ctx: any, form: URLSearchParams): void {
  const body = Buffer.from(form.toString())
  const { req } = ctx
  const replacement: any = new IncomingMessage(req.socket)
  for (const name of Object.keys(req)) if (!name.startsWith('_')) replacement[name] = req[name]
  replacement.headers = {
    ...req.headers,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
  }
  replacement.push(body)
  replacement.push(null)
  ctx.req = ctx.request.req = ctx.response.req = replacement
}

/**
 * Overrides what the host's context says of a lent request, which becomes one of the first of our grant types, and has errors
 * of our grants rendered as JSON. No public way: the
 * host binds client authentication, DPoP and CORS to its own routes, and a second endpoint with all of them would be a copy.
 */
export function installTokenRoute(provider: Provider, grantTypes: readonly string[]): void {
  const prototype = (provider as any).OIDCContext.prototype
  const { urlFor, clientJwtAuthExpectedAudience } = prototype

  Object.defineProperty(prototype, 'body', {
    configurable: true,
    get(this: { ctx: object }) {
      return bodies.get(this.ctx)
    },
    set(this: { ctx: Context; route: string }, parsed: { grant_type?: unknown }) {
      const body = loans.has(this.ctx) ? { ...parsed, grant_type: grantTypes[0] } : parsed
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
    const loan = loans.get(this.ctx)
    return loan && name === 'token' ? loan.called : urlFor.call(this, name, ...args)
  }
  prototype.clientJwtAuthExpectedAudience = function (this: { ctx: object }) {
    const audience: Set<string> = clientJwtAuthExpectedAudience.call(this)
    const loan = loans.get(this.ctx)
    return loan ? audience.add(loan.token) : audience
  }
}
