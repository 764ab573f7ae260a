import Router from '@koa/router'
import type Koa from 'koa'
import type { Collection } from '../storage/collection.js'
import type { Journey } from '../storage/entries.js'
import { createApplication } from '../web/application.js'
import { show } from '../web/page.js'
import { visitOf } from '../web/visit.js'
import { createJourneys, type Journeys } from './journey.js'
import { discoverOp, type Op, type OpenIdProvider } from './op.js'
import { accountPage } from './pages/account.js'
import { homePage } from './pages/home.js'
import { createPoller } from './poller.js'
import { describeProgress } from './progress.js'

export interface RelyingPartyOptions {
  op: OpenIdProvider
  /** Signs cookies and CSRF tokens. */
  key: string
  journeys: Collection<Journey>
  desk: string
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

function routes(journeys: Journeys, desk: string): Router {
  const router = new Router()

  router.get('/', async (ctx) => {
    show(ctx, homePage(ctx, await journeys.latest(visitOf(ctx).visit.id), desk))
  })

  router.post('/account', async (ctx) => {
    const url = await journeys.begin(visitOf(ctx).visit.id)
    ctx.status = 303
    ctx.redirect(url.href)
  })

  router.get('/callback', async (ctx) => {
    try {
      await journeys.arrive(visitOf(ctx).visit.id, ctx.URL.searchParams)
    } catch (error) {
      ctx.throw(400, 'the answer of the identity provider could not be used', { cause: error })
    }
    ctx.redirect('/account')
  })

  router.get('/account', async (ctx) => {
    const journey = await journeys.latest(visitOf(ctx).visit.id)
    if (!journey || journey.status === 'started') return ctx.redirect('/')
    show(ctx, accountPage(ctx, journey, desk))
  })

  router.get('/account/status', async (ctx) => {
    const journey = await journeys.latest(visitOf(ctx).visit.id)
    ctx.set('Cache-Control', 'no-store')
    ctx.body = { status: journey?.status ?? 'none', progress: describeProgress(journey?.progress) }
  })

  router.post('/account/cancel', async (ctx) => {
    await journeys.giveUp(visitOf(ctx).visit.id)
    ctx.status = 303
    ctx.redirect('/account')
  })

  return router
}

/** The bank's website: an OpenID relying party that knows how to wait. */
export async function createRelyingParty({
  op,
  key,
  journeys,
  desk,
}: RelyingPartyOptions): Promise<{ app: Koa; stop: () => Promise<void> }> {
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
  return { app, stop: () => poller.stop() }
}
