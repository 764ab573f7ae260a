/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Ping Callback", and OAuth 2.0 Deferred Token Response, "Client Callback".
 * The provider notifies us when one of our requests ends. The notification names the request and not the outcome. It is only a
 * reason to poll now.
 */
import Koa, { type Middleware } from 'koa'
import { notificationReceiver, toNodeListener } from 'oidc-provider-deferred/client'
import type { Collection } from '../storage/collection.js'
import type { Journey, Purpose } from '../storage/entries.js'
import { securityHeaders } from '../web/security_headers.js'
import type { Poller } from './poller.js'

export const notificationPath = '/notification'

export interface NotificationOptions {
  journeys: Collection<Journey>
  poller: Poller
  /** Runs right before the endpoint. */
  before: Middleware
}

const profiles: Readonly<Record<Purpose, 'openid' | 'oauth'>> = { account: 'openid', banking: 'oauth' }

/** An application of its own: no cookies, no forms, no pages. */
export function createNotificationEndpoint({ journeys, poller, before }: NotificationOptions): Koa {
  const receive = notificationReceiver({
    async find(handle) {
      const [journey] = await journeys.find({ handle })
      return journey && { ...journey, profile: profiles[journey.purpose] }
    },
    // A notification that is late or comes twice finds a journey that does not wait any more. Nothing happens.
    onNotified: (_handle, { _id }) => poller.hurry(_id),
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
