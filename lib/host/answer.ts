import type { Provider } from 'oidc-provider'
import { answerJson, type Context } from './context.js'

const members = new WeakMap<object, Record<string, unknown>>()

/** Adds members to the error response this request is about to be refused with; the host's renderer knows its own only. */
export function amendError(ctx: Context, these: Record<string, unknown>): void {
  answerJson(ctx)
  members.set(ctx, these)
}

/** What the host's answers lack. */
export interface Amendments {
  /** members of the discovery document */
  metadata: (ctx: Context) => Record<string, unknown>
  /** whether answers of the revocation endpoint must not be stored (C-I30); the host says so at its token endpoint only */
  isRevocationPrivate: boolean
}

/** Middleware around the host's routes that writes what their renderers leave out. */
export function installAnswers(provider: Provider, { metadata, isRevocationPrivate }: Amendments): void {
  provider.use(async (ctx: any, next: () => Promise<void>) => {
    await next()
    const route = ctx.oidc?.route
    const these = route === 'discovery' ? metadata(ctx) : members.get(ctx)
    if (these && isJson(ctx.body)) Object.assign(ctx.body, these)
    if (isRevocationPrivate && route === 'revocation') ctx.set('Cache-Control', 'no-store')
  })
}

function isJson(body: unknown): boolean {
  return typeof body === 'object' && body !== null
}
