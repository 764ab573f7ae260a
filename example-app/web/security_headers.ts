import type { Middleware } from 'koa'

/**
 * A strict content security policy: nothing inline, nothing from elsewhere. Browsers apply `form-action` to the redirects that
 * follow a form too, so an application whose forms lead to another origin names it.
 */
export function contentSecurityPolicy(formTargets: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "connect-src 'self'",
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/** Headers of every page and picture. */
export function securityHeaders(formTargets?: readonly string[]): Middleware {
  const headers = {
    'Content-Security-Policy': contentSecurityPolicy(formTargets),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
  }
  return async (ctx, next) => {
    ctx.set(headers)
    await next()
  }
}
