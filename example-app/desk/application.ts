import Router from '@koa/router'
import type Koa from 'koa'
import type { Middleware } from 'koa'
import mount from 'koa-mount'
import type { Provider } from 'oidc-provider-deferred'
import type { Storage } from '../storage/storage.js'
import { createApplication } from '../web/application.js'
import { formOf, text } from '../web/form.js'
import { show } from '../web/page.js'
import { renewSession, sessionOf } from '../web/session.js'
import { reviewersConsole } from './console.js'
import { signInPage } from './pages/sign_in.js'
import { demoPassword, reviewerWith } from './reviewers.js'

/** What the desk needs. */
export interface DeskOptions {
  provider: Provider
  evidence: Storage['evidence']
  /** Signs cookies. */
  key: string
  /** Origin of the confirmation page. */
  confirmation: string
  /** The provider's clock, if it is not that of the machine. */
  now?: (() => Date) | undefined
}

const consolePath = '/requests'

/** Shows nothing but the sign-in page before somebody has signed in. Programs get a 401 of the console's API instead. */
const guard: Middleware = async (ctx, next) => {
  const isOpen = ctx.path === '/sign-in' || ctx.path.startsWith(`${consolePath}/api/`)
  if (isOpen || reviewerWith(sessionOf(ctx).user)) return next()
  ctx.status = 303
  ctx.redirect('/sign-in')
}

function signIn(): Router {
  const router = new Router()
  router.get('/sign-in', (ctx) => show(ctx, signInPage(ctx)))
  router.post('/sign-in', (ctx) => {
    const form = formOf(ctx)
    const reviewer = text(form, 'reviewer')
    if (!reviewerWith(reviewer) || text(form, 'password') !== demoPassword) {
      return show(ctx, signInPage(ctx, 'The password is wrong.'))
    }
    renewSession(ctx, reviewer)
    ctx.status = 303
    ctx.redirect('/')
  })
  router.post('/sign-out', (ctx) => {
    renewSession(ctx)
    ctx.status = 303
    ctx.redirect('/sign-in')
  })
  return router
}

function documents(evidence: Storage['evidence']): Router {
  const router = new Router()
  router.get('/', (ctx) => ctx.redirect(`${consolePath}/`))
  router.get('/evidence/:reference', async (ctx) => {
    const document = await evidence.get(ctx.params.reference!)
    if (!document) return
    ctx.type = document.type
    ctx.set('Cache-Control', 'private, no-store')
    ctx.body = Buffer.from(document.bytes)
  })
  return router
}

/** The reviewers' desk: a sign-in, the documents of customers, and the console of `oidc-provider-deferred/console`. */
export function createDesk(options: DeskOptions): Koa {
  const { evidence, key } = options
  return createApplication({
    site: 'desk',
    cookie: 'harbour_desk',
    key,
    guard,
    // The console protects its forms itself.
    unprotected: [`${consolePath}/**`],
    routers: [signIn(), documents(evidence)],
    inside: mount(consolePath, reviewersConsole(options)),
  })
}
