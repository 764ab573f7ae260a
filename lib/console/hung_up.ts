import type { Context } from 'koa'

/** Whether the browser has closed the page that it asked for. The response has emitted `close` then, and emits it no more. */
export function hasHungUp({ req, res }: Context): boolean {
  // over HTTP/2 each request has its own stream
  const { stream = req.socket } = req as { stream?: { destroyed: boolean } }
  return res.destroyed || stream?.destroyed === true
}
