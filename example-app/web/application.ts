import type Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { assets } from './assets.js'
import { errorPages } from './errors.js'
import type { Page } from './page.js'
import { securityHeaders } from './security_headers.js'
import { visits } from './visit.js'

export interface ApplicationOptions {
  site: Page['site']
  cookie: string
  /** Signs cookies and CSRF tokens. */
  key: string
  /** Runs before everything else: what is not made of our pages. */
  mounted?: Middleware
  /** Origins, besides our own, that a form may lead to. */
  formTargets?: readonly string[]
  /** Stands before every route. */
  guard?: Middleware
  routers: readonly Router[]
}

/** A Koa application with what the three sites have in common. */
export function createApplication({
  site,
  cookie,
  key,
  mounted,
  formTargets,
  guard,
  routers,
}: ApplicationOptions): Koa {
  const app = new Koa({ keys: [key] })
  if (mounted) app.use(mounted)
  app.use(securityHeaders(formTargets))
  app.use(errorPages(site, (error) => console.error(error)))
  app.use(assets())
  app.use(visits(cookie, key))
  if (guard) app.use(guard)
  for (const router of routers) app.use(router.routes())
  return app
}
