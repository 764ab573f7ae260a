import helmet from 'helmet'
import type { Middleware } from 'koa'

/**
 * Headers of every answer. The content security policy allows nothing inline, and nothing from other origins. The referrer stays
 * within the origin: with none at all, browsers would send `Origin: null` with our own forms.
 */
const headers = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
  },
  referrerPolicy: { policy: 'same-origin' },
  xFrameOptions: { action: 'deny' },
  // whether a host speaks https only is for its owner to say
  strictTransportSecurity: false,
})

/** Sets the security headers, and keeps every answer out of caches. */
export const securityHeaders: Middleware = async (ctx, next) => {
  await new Promise<void>((resolve, reject) => {
    headers(ctx.req, ctx.res, (error) => (error ? reject(error) : resolve()))
  })
  ctx.set('Cache-Control', 'no-store')
  await next()
}
