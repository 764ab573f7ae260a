import type { Context } from '../host/context.js'

/** Middleware that adds to the discovery document what the profiles in use say of themselves. */
export function discovery(metadata: (ctx: Context) => Record<string, unknown>) {
  return async (ctx: Context, next: () => Promise<void>): Promise<void> => {
    await next()
    if (ctx.oidc?.route !== 'discovery' || typeof ctx.body !== 'object' || ctx.body === null) return
    Object.assign(ctx.body, metadata(ctx))
  }
}
