import Koa from 'koa'
import type { Provider } from 'oidc-provider'
import { api } from './api/api.js'
import { batchRoutes } from './batch/batch.js'
import { createDesk, type Desk, rootOf, type Visit } from './desk.js'
import { errorPages, showProblem } from './errors.js'
import { exportRoutes } from './export/export.js'
import { parseFilter } from './filter.js'
import { securityHeaders } from './headers.js'
import type { Application, Context } from './koa.js'
import { liveRoutes } from './live/events.js'
import { notificationRoutes } from './notifications/notifications.js'
import { operatorOf } from './operator.js'
import type { ConsoleOptions, Operator } from './options.js'
import { overviewRoutes } from './overview/overview.js'
import { queueRoutes } from './queue.js'
import { requestRoutes } from './request.js'
import { type Route, route } from './routes.js'
import { safe } from './safe.js'

const routes: readonly Route[] = [
  ...queueRoutes,
  ...requestRoutes,
  ...liveRoutes,
  ...overviewRoutes,
  ...notificationRoutes,
  ...exportRoutes,
  ...batchRoutes,
]

function showSignIn(ctx: Context, desk: Desk): void {
  const { signIn } = desk.options
  const link = safe`${signIn && safe`<p><a class="button" href="${signIn}">Sign in</a></p>`}`
  showProblem(ctx, desk, 401, 'please sign in first', link)
}

/** The path before the mount took its prefix away; it does not end with a slash at the console's own address. */
function isWithoutSlash(ctx: Context): boolean {
  const url: string = Reflect.get(ctx.req, 'originalUrl') ?? ctx.originalUrl
  return ctx.path === '/' && !url.split('?')[0]?.endsWith('/')
}

/** Relative links need a slash at the end of the console's own address. */
function redirectToSlash(ctx: Context): void {
  const url: string = Reflect.get(ctx.req, 'originalUrl') ?? ctx.originalUrl
  const [path = '', ...query] = url.split('?')
  // only the last segment, behind `./`: it can name no other host
  ctx.status = 308
  ctx.set('Location', [`./${path.slice(path.lastIndexOf('/') + 1)}/`, ...query].join('?'))
}

/**
 * A console for the people who decide: a queue of deferred requests, and a page for each. It is a Koa application, to mount below
 * any path.
 *
 * ```ts
 * const desk = createConsole(provider, { authenticate: (ctx) => operatorOf(ctx.cookies.get('staff')) })
 * app.use(mount('/desk', desk))
 * ```
 *
 * Throws a `TypeError` for a wrong option.
 */
export function createConsole<O extends Operator>(provider: Provider, options: ConsoleOptions<O>): Application {
  const desk = createDesk(provider, options)
  const app = new Koa()
  app.use(securityHeaders)
  app.use(api(desk))
  app.use(errorPages(desk))
  app.use(async (ctx) => {
    if (isWithoutSlash(ctx)) return redirectToSlash(ctx)
    // style sheet and script say nothing about anybody, and the page for strangers needs them
    if (desk.assets.serve(ctx)) return
    const operator = await operatorOf(ctx, desk)
    if (!operator) return showSignIn(ctx, desk)
    const visit: Visit = {
      ctx,
      desk,
      operator,
      filter: parseFilter(new URLSearchParams(ctx.querystring)),
      root: rootOf(ctx),
    }
    await route(routes, visit)
  })
  return app
}
