import { hasHungUp } from '../../host/hung_up.js'
import type { Visit } from '../desk.js'
import type { Route } from '../routes.js'
import { openStream } from './stream.js'

/** Server-Sent Events: the ids of deferrals that have changed. */
async function events(visit: Visit): Promise<void> {
  const { ctx } = visit
  const site = ctx.get('Sec-Fetch-Site')
  if (site && site !== 'same-origin') ctx.throw(403, 'only a page of this console can listen')
  ctx.status = 200
  ctx.type = 'text/event-stream'
  ctx.set('Cache-Control', 'no-store, no-transform')
  // nginx would collect the events before it hands them on
  ctx.set('X-Accel-Buffering', 'no')
  // nothing would end the stream of a page that was closed while `authenticate` ran
  if (ctx.method === 'HEAD' || hasHungUp(ctx)) return
  const stream =
    openStream(visit) ?? ctx.throw(503, 'too many pages listen, or the provider is being closed', { expose: true })
  // as a body, Koa would report a fault for every page that is closed
  ctx.respond = false
  ctx.res.on('close', () => stream.destroy())
  stream.pipe(ctx.res)
}

export const liveRoutes: readonly Route[] = [{ method: 'GET', path: /^\/events$/, handle: events }]
