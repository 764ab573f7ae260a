/*
 * Where the provider tells us that one of our requests has come to an end: OpenID Connect Deferred Token Response Flow 1.0, "Ping
 * Callback", and OAuth 2.0 Deferred Token Response, "Client Callback". It says which request, never how it ended; what it says is
 * no more than a reason to ask now instead of later.
 */
import Koa, { type Context, type Middleware } from 'koa'
import type { Collection } from '../storage/collection.js'
import type { Journey } from '../storage/entries.js'
import { same } from '../web/same.js'
import { securityHeaders } from '../web/security_headers.js'
import { polling } from './poll.js'
import type { Poller } from './poller.js'

export const notificationPath = '/notification'

// A handle in JSON needs a hundred bytes or so.
const largest = 1024

export interface NotificationOptions {
  journeys: Collection<Journey>
  poller: Poller
  /** Sees every request first. */
  before: Middleware
}

/** The journey whose bearer token this is. All other tokens get one answer, so that nothing can be found out by trying. */
async function journeyOf(ctx: Context, journeys: Collection<Journey>): Promise<Journey> {
  const [, bearer = ''] = /^Bearer +(\S+)$/i.exec(ctx.get('Authorization')) ?? []
  // The token says whose it is, so nothing has to be looked up by a secret.
  const journey = await journeys.get(bearer.slice(0, bearer.indexOf('.')))
  const known = same(bearer, journey?.notificationToken ?? '')
  if (!journey || !known) return ctx.throw(401, { headers: { 'WWW-Authenticate': 'Bearer' } })
  return journey
}

async function textOf(ctx: Context): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of ctx.req) {
    size += chunk.length
    if (size > largest) ctx.throw(413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** The body's only member, by its name. */
async function handleIn(ctx: Context, name: string): Promise<string> {
  if (!ctx.is('json')) ctx.throw(415)
  try {
    const body: unknown = JSON.parse(await textOf(ctx))
    const [[only, handle] = [], ...others] = Object.entries(body ?? {})
    if (only === name && typeof handle === 'string' && others.length === 0) return handle
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return ctx.throw(400)
}

/** An application of its own: no cookies, no forms, no pages. */
export function createNotificationEndpoint({ journeys, poller, before }: NotificationOptions): Koa {
  const app = new Koa()
  app.use(before)
  app.use(securityHeaders({}))
  app.use(async (ctx) => {
    if (ctx.path !== notificationPath) return
    if (ctx.method !== 'POST') return ctx.throw(405, { headers: { Allow: 'POST' } })
    const journey = await journeyOf(ctx, journeys)
    const handle = await handleIn(ctx, polling[journey.purpose].parameter)
    // Before anything is done: the provider waits for seconds only, and would tell us again.
    ctx.status = 204
    // Too late, twice or not ours: the answer is the same, and there is nothing to do.
    if (journey.status !== 'checking' || !same(handle, journey.handle ?? '')) return
    ctx.res.once('finish', () => poller.hurry(journey._id).catch((error) => console.error(error)))
  })
  return app
}
