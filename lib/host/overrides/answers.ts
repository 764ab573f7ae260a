import type { Provider } from 'oidc-provider'
import type { Context } from '../context.js'
import { amendmentsOf, putBack } from '../request/answer.js'

/** What the host's answers lack. */
export interface Amendments {
  /** members of the discovery document */
  metadata: (ctx: Context) => Record<string, unknown>
  /** whether the revocation endpoint takes handles: then its answers must not be stored (C-I30), and it may challenge */
  isRevocationPrivate: boolean
}

/** Middleware around the host's routes that writes what their renderers leave out, and puts back answers that have to stand. */
export function installAnswers(provider: Provider, { metadata, isRevocationPrivate }: Amendments): void {
  provider.use(async (ctx: any, next: () => Promise<void>) => {
    try {
      await next()
    } catch (error) {
      putBack(ctx, error)
    }
    // another provider may be mounted in this one
    const route = ctx.oidc?.provider === provider ? ctx.oidc.route : undefined
    // a failed discovery has nothing to complete, and its URLs could not be made either
    const additions = route === 'discovery' && ctx.status === 200 ? metadata(ctx) : amendmentsOf(ctx)
    if (additions && isJson(ctx.body)) Object.assign(ctx.body, additions)
    if (isRevocationPrivate && route === 'revocation') completeRevocation(ctx)
  })
}

// the host does both at its token endpoint only
function completeRevocation(ctx: any): void {
  ctx.set('Cache-Control', 'no-store')
  const isReadable = ctx.response.get('Access-Control-Allow-Origin') && ctx.response.get('DPoP-Nonce')
  if (isReadable) ctx.append('Access-Control-Expose-Headers', 'DPoP-Nonce')
}

function isJson(body: unknown): boolean {
  return typeof body === 'object' && body !== null
}
