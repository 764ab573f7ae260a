/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Ping Callback", and OAuth 2.0 Deferred Token Response, "Client Callback".
 * The provider notifies us when one of our requests ends. The notification names the request and not the outcome. It is only a
 * reason to poll now.
 */
import { bodyParser } from '@koa/bodyparser'
import Koa, { type Context, type Middleware } from 'koa'
import type { Collection } from '../storage/collection.js'
import type { Journey } from '../storage/entries.js'
import { same } from '../web/same.js'
import { securityHeaders } from '../web/security_headers.js'
import { polling } from './poll.js'
import type { Poller } from './poller.js'

export const notificationPath = '/notification'

// in bytes; a handle in JSON needs about a hundred
const largestBody = 1024

export interface NotificationOptions {
  journeys: Collection<Journey>
  poller: Poller
  /** Runs before everything else. */
  before: Middleware
}

/** The journey of the bearer token. Every wrong token gets the same answer, so guessing reveals nothing. */
async function journeyOf(ctx: Context, journeys: Collection<Journey>): Promise<Journey> {
  const [, bearer = ''] = /^Bearer +(\S+)$/i.exec(ctx.get('Authorization')) ?? []
  // The token begins with the journey's id, so no secret is looked up.
  const journey = await journeys.get(bearer.slice(0, bearer.indexOf('.')))
  const isRightful = same(bearer, journey?.notificationToken ?? '')
  if (!journey || !isRightful) return ctx.throw(401, { headers: { 'WWW-Authenticate': 'Bearer' } })
  return journey
}

/** The body's only member, by its name. */
function handleIn(ctx: Context, name: string): string {
  const [[only, handle] = [], ...others] = Object.entries(ctx.request.body ?? {})
  if (only === name && typeof handle === 'string' && others.length === 0) return handle
  return ctx.throw(400)
}

/** Lets a POST with the bearer token of a journey through, and keeps the journey for the next step. */
function authenticate(journeys: Collection<Journey>): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== notificationPath) return
    if (ctx.method !== 'POST') return ctx.throw(405, { headers: { Allow: 'POST' } })
    ctx.state.journey = await journeyOf(ctx, journeys)
    if (!ctx.is('json')) return ctx.throw(415)
    await next()
  }
}

/** An application of its own: no cookies, no forms, no pages. */
export function createNotificationEndpoint({ journeys, poller, before }: NotificationOptions): Koa {
  const app = new Koa()
  app.use(before)
  app.use(securityHeaders())
  app.use(authenticate(journeys))
  app.use(
    bodyParser({
      enableTypes: ['json'],
      jsonLimit: largestBody,
      onError: (error, ctx) => ctx.throw('status' in error && error.status === 413 ? 413 : 400),
    }),
  )
  app.use(async (ctx) => {
    const journey: Journey = ctx.state.journey
    const handle = handleIn(ctx, polling[journey.purpose].parameter)
    // Answer first: the provider waits for a few seconds only, and would send it again.
    ctx.status = 204
    // A late, repeated or foreign handle gets the same answer, and nothing happens.
    if (journey.status !== 'checking' || !same(handle, journey.handle ?? '')) return
    ctx.res.once('finish', () => poller.hurry(journey._id).catch((error) => console.error(error)))
  })
  return app
}
