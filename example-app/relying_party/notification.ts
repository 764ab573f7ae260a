/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Ping Callback", and OAuth 2.0 Deferred Token Response, "Client Callback".
 * The provider notifies us when one of our requests ends. The notification names the request and not the outcome. It is only a
 * reason to poll now.
 */
import Koa, { type Middleware } from 'koa'
import { notificationReceiver, toNodeListener } from 'oidc-provider-deferred/client'
import type { Collection } from '../storage/collection.js'
import type { Journey } from '../storage/entries.js'
import { securityHeaders } from '../web/security_headers.js'
import type { Waits } from './waits.js'

export const notificationPath = '/notification'

export interface NotificationOptions {
  journeys: Collection<Journey>
  waits: Waits
  /** Runs right before the endpoint. */
  before: Middleware
}

/** An application of its own: no cookies, no forms, no pages. */
export function createNotificationEndpoint({ journeys, waits, before }: NotificationOptions): Koa {
  const receive = notificationReceiver({
    // A journey keeps its deferral after the end: a notification that is late or comes twice is answered like the first.
    async find(handle) {
      const [journey] = await journeys.find({ handle })
      return journey?.deferral
    },
    onNotified: (handle) => waits.wake(handle),
  })
  const listener = toNodeListener(receive)
  const app = new Koa()
  app.use(securityHeaders())
  app.use(before)
  app.use(async (ctx) => {
    if (ctx.path === notificationPath) await listener(ctx.req, ctx.res)
  })
  return app
}
