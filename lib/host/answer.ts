import type { Provider } from 'oidc-provider'
import { answerJson, type Context } from './context.js'

const members = new WeakMap<object, Record<string, unknown>>()

/** Adds members to the error response this request is about to be refused with; the host's renderer knows its own only. */
export function amendError(ctx: Context, these: Record<string, unknown>): void {
  answerJson(ctx)
  members.set(ctx, these)
}

/** Middleware around the host's routes, which writes what its renderers leave out. */
export function installAnswers(provider: Provider, { isRevocationPrivate }: { isRevocationPrivate: boolean }): void {
  provider.use(async (ctx: any, next: () => Promise<void>) => {
    await next()
    const these = members.get(ctx)
    if (these && typeof ctx.body === 'object' && ctx.body?.error) ctx.body = { ...ctx.body, ...these }
    // C-I30, C-H12: the host says so at its token endpoint only
    if (isRevocationPrivate && ctx.oidc?.route === 'revocation') ctx.set('Cache-Control', 'no-store')
  })
}
