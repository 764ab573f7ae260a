import Router from '@koa/router'
import type Koa from 'koa'
import type { Middleware } from 'koa'
import type { Collection } from '../storage/collection.js'
import type { Journey, Purpose } from '../storage/entries.js'
import { createApplication } from '../web/application.js'
import { show } from '../web/page.js'
import { sessionOf } from '../web/session.js'
import { createJourneys, type Journeys } from './journey.js'
import { createNotificationEndpoint } from './notification.js'
import { discoverOp, type Op, type OpenIdProvider } from './op.js'
import { accountPage } from './pages/account.js'
import { bankingPage } from './pages/banking.js'
import { stateOf } from './pages/checking.js'
import { homePage } from './pages/home.js'
import { describeProgress } from './progress.js'
import { createWaits } from './waits.js'

export interface RelyingPartyOptions {
  op: OpenIdProvider
  /** Signs cookies. */
  key: string
  journeys: Collection<Journey>
  desk: string
  /** Runs before the notification endpoint. */
  beforeNotification: Middleware
}

/** Reads the metadata at the first call and keeps it. After a failure the next call reads it again. */
function lazyOp(options: OpenIdProvider): () => Promise<Op> {
  let discovery: Promise<Op> | undefined
  return () => {
    discovery ??= discoverOp(options).catch((error) => {
      discovery = undefined
      throw error
    })
    return discovery
  }
}

const pages = { account: accountPage, banking: bankingPage }

/** The same routes for each purpose: ask, come back, wait, cancel. */
function routes(journeys: Journeys, desk: string): Router {
  const router = new Router()

  router.get('/', async (ctx) => {
    const { id } = sessionOf(ctx)
    show(ctx, homePage(ctx, await journeys.latest(id, 'account'), desk))
  })

  router.get('/callback', async (ctx) => {
    const arrived = journeys.arrive(sessionOf(ctx).id, ctx.URL.searchParams)
    const purpose = await arrived.catch((error) =>
      ctx.throw(400, 'we could not use the answer of Harbour ID', { cause: error }),
    )
    ctx.redirect(`/${purpose}`)
  })

  for (const purpose of Object.keys(pages) as Purpose[]) {
    router.post(`/${purpose}`, async (ctx) => {
      const url = await journeys.begin(sessionOf(ctx).id, purpose)
      ctx.status = 303
      ctx.redirect(url.href)
    })

    router.get(`/${purpose}`, async (ctx) => {
      const journey = await journeys.latest(sessionOf(ctx).id, purpose)
      if (!journey || journey.status === 'started') return ctx.redirect('/')
      show(ctx, pages[purpose](ctx, journey, desk))
    })

    router.get(`/${purpose}/status`, async (ctx) => {
      const journey = await journeys.latest(sessionOf(ctx).id, purpose)
      ctx.set('Cache-Control', 'no-store')
      ctx.body = { state: stateOf(journey), progress: describeProgress(journey) }
    })

    router.post(`/${purpose}/cancel`, async (ctx) => {
      await journeys.cancel(sessionOf(ctx).id, purpose)
      ctx.status = 303
      ctx.redirect(`/${purpose}`)
    })
  }

  return router
}

export interface RelyingParty {
  app: Koa
  /** For a server of its own. Only the provider calls it. */
  notificationEndpoint: Koa
  /** Journeys that waited before a restart go on. They poll at once. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** The bank's website: an OpenID relying party that can wait. */
export function createRelyingParty(options: RelyingPartyOptions): RelyingParty {
  const { op, key, journeys, desk, beforeNotification } = options
  const findOp = lazyOp(op)
  const waits = createWaits(findOp, journeys)
  const app = createApplication({
    site: 'relying-party',
    cookie: 'harbour_bank',
    key,
    formTargets: [new URL(op.issuer).origin],
    routers: [routes(createJourneys(findOp, journeys, waits), desk)],
  })
  const notificationEndpoint = createNotificationEndpoint({ journeys, waits, before: beforeNotification })
  async function start(): Promise<void> {
    for (const journey of await journeys.find({ status: 'checking' })) waits.start(journey)
  }
  return { app, notificationEndpoint, start, stop: () => waits.stop() }
}
