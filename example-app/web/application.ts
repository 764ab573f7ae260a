import type Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { assets } from './assets.js'
import { errorPages } from './errors.js'
import { readForms } from './form.js'
import type { Page } from './page.js'
import { type OtherOrigins, securityHeaders } from './security_headers.js'
import { csrfProtection, identify, sessions } from './session.js'

export interface ApplicationOptions extends OtherOrigins {
  site: Page['site']
  cookie: string
  /** Signs cookies. */
  key: string
  /** Another application, such as the provider. It runs first and has headers and pages of its own. */
  mounted?: Middleware
  /** Reads the forms that `readForms` does not. */
  uploads?: Middleware
  /** Runs before every route. */
  guard?: Middleware
  routers: readonly Router[]
  /** Another application that needs the session. It runs last. */
  inside?: Middleware
  /** Globs of paths whose forms carry no token of ours. */
  unprotected?: string[]
}

/** A Koa application with everything that the sites have in common. */
export function createApplication(options: ApplicationOptions): Koa {
  const { site, cookie, key, mounted, uploads, guard, routers, inside, unprotected, ...otherOrigins } = options
  const app = new Koa({ keys: [key] })
  if (mounted) app.use(mounted)
  app.use(securityHeaders(otherOrigins))
  app.use(errorPages(site, (error) => console.error(error)))
  app.use(assets())
  app.use(sessions(app, cookie))
  app.use(identify)
  if (uploads) app.use(uploads)
  app.use(readForms())
  app.use(csrfProtection(unprotected))
  if (guard) app.use(guard)
  for (const router of routers) app.use(router.routes())
  if (inside) app.use(inside)
  return app
}
