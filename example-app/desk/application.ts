import Router from '@koa/router'
import type Koa from 'koa'
import type { Context, Middleware } from 'koa'
import { createApplication } from '../web/application.js'
import { formOf, text } from '../web/form.js'
import { show } from '../web/page.js'
import { renewSession, sessionOf, takeNotice } from '../web/session.js'
import { decisions } from './decisions.js'
import type { DeskOptions } from './options.js'
import { deferralPage } from './pages/deferral.js'
import { isNotificationFilter } from './pages/notification.js'
import { notificationsPage } from './pages/notifications.js'
import { queuePage } from './pages/queue.js'
import { signInPage } from './pages/sign_in.js'
import { demoPassword, reviewerNamed } from './reviewers.js'
import { isFilter } from './status.js'

const pageSize = 10

/** Shows nothing but the sign-in page before somebody has signed in. */
const guard: Middleware = async (ctx, next) => {
  if (ctx.path === '/sign-in' || reviewerNamed(sessionOf(ctx).user)) return next()
  ctx.status = 303
  ctx.redirect('/sign-in')
}

function signIn(): Router {
  const router = new Router()
  router.get('/sign-in', (ctx) => show(ctx, signInPage(ctx)))
  router.post('/sign-in', (ctx) => {
    const form = formOf(ctx)
    const reviewer = text(form, 'reviewer')
    if (!reviewerNamed(reviewer) || text(form, 'password') !== demoPassword) {
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

/** The page of a list that the cursor in the query names. An invalid cursor gives the first page. */
async function pageOf<T>(ctx: Context, read: (query: { cursor?: string }) => Promise<T>) {
  const { cursor } = ctx.query
  if (typeof cursor === 'string') {
    try {
      return { page: await read({ cursor }), further: true }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
  return { page: await read({}), further: false }
}

function pages({ deferrals, storage }: DeskOptions): Router {
  const router = new Router()

  router.get('/', async (ctx) => {
    const { status = 'pending' } = ctx.query
    const filter = isFilter(status) ? status : undefined
    const { page, further } = await pageOf(ctx, (cursor) =>
      deferrals.list({ limit: pageSize, ...(filter && { status: filter }), ...cursor }),
    )
    show(ctx, queuePage(ctx, { ...page, filter, further }))
  })

  router.get('/notifications', async (ctx) => {
    const { status = 'failed' } = ctx.query
    const filter = isNotificationFilter(status) ? status : undefined
    const { page, further } = await pageOf(ctx, (cursor) =>
      deferrals.notifications.list({ limit: pageSize, ...(filter && { status: filter }), ...cursor }),
    )
    const records = await Promise.all(page.notifications.map(({ id }) => deferrals.get(id)))
    const existing = records.filter((deferral) => deferral !== undefined)
    show(ctx, notificationsPage(ctx, { deferrals: existing, cursor: page.cursor, filter, further }))
  })

  router.get('/deferrals/:id', async (ctx) => {
    const deferral = await deferrals.get(ctx.params.id!)
    if (!deferral) return
    const history = await storage.history.find({ deferralId: deferral.id })
    show(ctx, deferralPage(ctx, deferral, history, takeNotice(ctx, deferral.id)))
  })

  router.get('/evidence/:reference', async (ctx) => {
    const evidence = await storage.evidence.get(ctx.params.reference!)
    if (!evidence) return
    ctx.type = evidence.type
    ctx.set('Cache-Control', 'private, no-store')
    ctx.body = Buffer.from(evidence.bytes)
  })

  return router
}

/** The reviewers' desk. It works with internal ids and never sees a handle. */
export function createDesk(options: DeskOptions): Koa {
  const { key } = options
  return createApplication({
    site: 'desk',
    cookie: 'harbour_desk',
    key,
    guard,
    routers: [signIn(), pages(options), decisions(options)],
  })
}
