import type { Context, Middleware } from 'koa'
import { type Desk, rootOf, type Visit } from '../desk.js'
import { operatorOf } from '../operator.js'
import { isSameOrigin } from '../same_origin.js'
import { changingOperations } from './changing.js'
import { documentOf } from './document.js'
import { inputOf } from './input.js'
import type { Operation } from './operation.js'
import { showProblemDetails } from './problem.js'
import { readingOperations } from './reading.js'
import { anyObject } from './schema.js'

const describe: Operation = {
  name: 'describe',
  method: 'GET',
  path: '/openapi.json',
  summary: 'This document',
  answer: anyObject(),
  refusals: [400],
  run: async () => document,
}

const operations = [...readingOperations, ...changingOperations, describe]
const document = documentOf(operations)

const patterns = operations.map((operation) => {
  const pattern = operation.path.replaceAll('.', '\\.').replace('{id}', '([^/]+)')
  return { operation, pattern: new RegExp(`^/api${pattern}$`) }
})

/**
 * A page of another site can make a browser send a request. A browser then sends `Sec-Fetch-Site` or `Origin`, or a cookie. A
 * request without all three comes from a program, and no page can forge it.
 */
function assertOwnPage(ctx: Context): void {
  const isOfBrowser = ['Cookie', 'Sec-Fetch-Site', 'Origin'].some((name) => ctx.get(name) !== '')
  if (isOfBrowser && !isSameOrigin(ctx)) {
    ctx.throw(403, 'a request with a cookie must say that it comes from this origin, in Sec-Fetch-Site or Origin')
  }
}

function refuseMethod(ctx: Context, methods: string[]): void {
  const allowed = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  ctx.set('Allow', ['OPTIONS', ...new Set(allowed)].join(', '))
  if (ctx.method !== 'OPTIONS') ctx.throw(405, `${ctx.method} is not possible here`)
  ctx.status = 204
}

async function answer(visit: Visit): Promise<void> {
  const { ctx } = visit
  const matching = patterns.filter(({ pattern }) => pattern.test(ctx.path))
  if (matching.length === 0) ctx.throw(404, 'there is no such call')
  const method = ctx.method === 'HEAD' ? 'GET' : ctx.method
  const found = matching.find(({ operation }) => operation.method === method)
  if (!found)
    return refuseMethod(
      ctx,
      matching.map(({ operation }) => operation.method),
    )
  if (method === 'POST') assertOwnPage(ctx)
  const [, id = ''] = found.pattern.exec(ctx.path) ?? []
  const body = await found.operation.run({ visit, id, input: await inputOf(ctx, found.operation) })
  ctx.status = 200
  ctx.body = body
}

/** The JSON API, below `api`: the same checks as the pages, problem details instead of pages. */
export function api(desk: Desk): Middleware {
  return async (ctx, next) => {
    if (!/^\/api(\/|$)/.test(ctx.path)) return next()
    try {
      const operator = (await operatorOf(ctx, desk)) ?? ctx.throw(401, 'the console knows no operator who sends this')
      await answer({ ctx, desk, operator, filter: { status: 'pending' }, root: rootOf(ctx) })
    } catch (error) {
      showProblemDetails(ctx, error)
    }
  }
}
