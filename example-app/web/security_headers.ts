import type { Middleware } from 'koa'

/** Origins besides our own. */
export interface Elsewhere {
  /** That a form may lead to. */
  formTargets?: readonly string[]
  /** That our scripts may talk to. */
  apis?: readonly string[]
}

/**
 * A strict content security policy: nothing inline, nothing from elsewhere. Browsers apply `form-action` to the redirects that
 * follow a form too, so an application whose forms lead to another origin names it.
 */
export function contentSecurityPolicy({ formTargets = [], apis = [] }: Elsewhere = {}): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    `connect-src ${["'self'", ...apis].join(' ')}`,
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/** Headers of every page and picture. */
export function securityHeaders(elsewhere: Elsewhere): Middleware {
  const headers = {
    'Content-Security-Policy': contentSecurityPolicy(elsewhere),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
  }
  return async (ctx, next) => {
    ctx.set(headers)
    await next()
  }
}
