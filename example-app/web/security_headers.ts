import type { Middleware } from 'koa'
import helmet from 'koa-helmet'

/** Origins other than the site's own. */
export interface OtherOrigins {
  /** Origins that a form may lead to. */
  formTargets?: readonly string[]
  /** Origins that scripts may call. */
  apis?: readonly string[]
}

/**
 * Headers of every page and picture. The content security policy allows nothing inline and nothing from other origins. Browsers
 * apply `form-action` also to the redirects after a form, so a site names the origin its forms redirect to.
 */
export function securityHeaders({ formTargets = [], apis = [] }: OtherOrigins = {}): Middleware {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'blob:'],
        connectSrc: ["'self'", ...apis],
        formAction: ["'self'", ...formTargets],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
    // Four of the sites are plain http on the same host. A browser that kept this header would not open them any more.
    strictTransportSecurity: false,
  })
}
