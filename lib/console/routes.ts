import type { Visit } from './desk.js'
import { assertSameOrigin } from './same_origin.js'

/** A page, or something that a form does. The pattern's groups reach the handler. */
export interface Route {
  method: 'GET' | 'POST'
  path: RegExp
  handle(visit: Visit, ...groups: string[]): Promise<void>
}

/** Finds the route of a request and runs it. HEAD is answered as GET; Koa leaves the body out. */
export async function route(routes: readonly Route[], visit: Visit): Promise<void> {
  const { ctx } = visit
  const matching = routes.filter(({ path }) => path.test(ctx.path))
  // the error handler answers 404
  if (matching.length === 0) return
  const method = ctx.method === 'HEAD' ? 'GET' : ctx.method
  const found = matching.find((candidate) => candidate.method === method)
  if (!found) return refuseMethod(visit, matching)
  if (method === 'POST') assertSameOrigin(ctx)
  await found.handle(visit, ...(found.path.exec(ctx.path)?.slice(1) ?? []))
}

function refuseMethod({ ctx }: Visit, matching: Route[]): void {
  const methods = matching.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  ctx.set('Allow', ['OPTIONS', ...new Set(methods)].join(', '))
  if (ctx.method !== 'OPTIONS') ctx.throw(405, 'this page cannot do that')
  ctx.status = 204
}
