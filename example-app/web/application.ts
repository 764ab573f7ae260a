import type Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { assets } from './assets.js'
import { errorPages } from './errors.js'
import type { Page } from './page.js'
import { type Elsewhere, securityHeaders } from './security_headers.js'
import { visits } from './visit.js'

export interface ApplicationOptions extends Elsewhere {
  site: Page['site']
  cookie: string
  /** Signs cookies and CSRF tokens. */
  key: string
  /** Runs before everything else: what is not made of our pages. */
  mounted?: Middleware
  /** Stands before every route. */
  guard?: Middleware
  routers: readonly Router[]
}

/** A Koa application with what all sites have in common. */
export function createApplication({
  site,
  cookie,
  key,
  mounted,
  guard,
  routers,
  ...elsewhere
}: ApplicationOptions): Koa {
  const app = new Koa({ keys: [key] })
  if (mounted) app.use(mounted)
  app.use(securityHeaders(elsewhere))
  app.use(errorPages(site, (error) => console.error(error)))
  app.use(assets())
  app.use(visits(cookie, key))
  if (guard) app.use(guard)
  for (const router of routers) app.use(router.routes())
  return app
}
