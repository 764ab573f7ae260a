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
import { createPoller } from './poller.js'
import { describeProgress } from './progress.js'

export interface RelyingPartyOptions {
  op: OpenIdProvider
  /** Signs cookies. */
  key: string
  journeys: Collection<Journey>
  desk: string
  /** Stands before the notification endpoint. */
  beforeNotification: Middleware
}

/** Discovery when it is first needed, again after a failure, and once after that. */
function lazyOp(options: OpenIdProvider): () => Promise<Op> {
  let found: Promise<Op> | undefined
  return () => {
    found ??= discoverOp(options).catch((error) => {
      found = undefined
      throw error
    })
    return found
  }
}

const pages = { account: accountPage, banking: bankingPage }

/** One way through the site for each thing a customer may want: ask, come back, wait, perhaps give up. */
function routes(journeys: Journeys, desk: string): Router {
  const router = new Router()

  router.get('/', async (ctx) => {
    const { id } = sessionOf(ctx)
    show(ctx, homePage(ctx, await journeys.latest(id, 'account'), desk))
  })

  router.get('/callback', async (ctx) => {
    const arrived = journeys.arrive(sessionOf(ctx).id, ctx.URL.searchParams)
    const purpose = await arrived.catch((error) =>
      ctx.throw(400, 'the answer of the identity provider could not be used', { cause: error }),
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
      await journeys.giveUp(sessionOf(ctx).id, purpose)
      ctx.status = 303
      ctx.redirect(`/${purpose}`)
    })
  }

  return router
}

export interface RelyingParty {
  app: Koa
  /** For a server of its own, which the provider reaches and no browser needs. */
  notificationEndpoint: Koa
  stop(): Promise<void>
}

/** The bank's website: an OpenID relying party that knows how to wait. */
export async function createRelyingParty({
  op,
  key,
  journeys,
  desk,
  beforeNotification,
}: RelyingPartyOptions): Promise<RelyingParty> {
  const findOp = lazyOp(op)
  const poller = createPoller(findOp, journeys)
  // Whoever was waiting when we stopped is still waiting.
  for (const journey of await journeys.find({ status: 'checking' })) poller.watch(journey)
  const app = createApplication({
    site: 'relying-party',
    cookie: 'harbour_bank',
    key,
    formTargets: [new URL(op.issuer).origin],
    routers: [routes(createJourneys(findOp, journeys, poller), desk)],
  })
  const notificationEndpoint = createNotificationEndpoint({ journeys, poller, before: beforeNotification })
  return { app, notificationEndpoint, stop: () => poller.stop() }
}
