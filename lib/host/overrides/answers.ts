import type { Provider } from 'oidc-provider'
import type { Context } from '../context.js'
import { amendmentsOf, restoreAnswer } from '../request/answer.js'

/** The additions to the host's answers. */
export interface Amendments {
  /** the plugin's members of the discovery document */
  metadata: (ctx: Context) => Record<string, unknown>
  /**
   * whether the revocation endpoint accepts handles: its answers must not be cached then (C-I30), and may carry a DPoP nonce
   */
  isRevocationPrivate: boolean
}

/**
 * Adds middleware around the host's routes. It completes the host's answers, and restores a final answer after other middleware
 * has thrown. It needs no override: `provider.use` is public. The host's own renderers write only the host's members.
 */
export function installAnswers(provider: Provider, { metadata, isRevocationPrivate }: Amendments): void {
  provider.use(async (ctx: any, next: () => Promise<void>) => {
    try {
      await next()
    } catch (error) {
      restoreAnswer(ctx, error)
    }
    // another provider may be mounted inside this one
    const route = ctx.oidc?.provider === provider ? ctx.oidc.route : undefined
    // an error at the discovery route gets no members: their URLs cannot be built with a wrong Host header
    const additions = route === 'discovery' && ctx.status === 200 ? metadata(ctx) : amendmentsOf(ctx)
    if (additions && isJson(ctx.body)) Object.assign(ctx.body, additions)
    if (isRevocationPrivate && route === 'revocation') completeRevocation(ctx)
  })
}

// the host sends these headers only at its token endpoint
function completeRevocation(ctx: any): void {
  ctx.set('Cache-Control', 'no-store')
  const isReadable = ctx.response.get('Access-Control-Allow-Origin') && ctx.response.get('DPoP-Nonce')
  if (isReadable) ctx.append('Access-Control-Expose-Headers', 'DPoP-Nonce')
}

function isJson(body: unknown): boolean {
  return typeof body === 'object' && body !== null
}
