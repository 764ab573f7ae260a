import type { Visit } from './desk.js'
import { listQuery } from './filter.js'
import { showQueue } from './pages/queue.js'
import { namesOfOperators, operatorsOf } from './people.js'
import { listOf, type Queue, rowOf } from './queue_view.js'
import type { Route } from './routes.js'

const pageSize = 25

/** The page that the cursor in the URL names. A wrong cursor gives the first page. */
async function pageOf(visit: Visit) {
  const cursor = new URLSearchParams(visit.ctx.querystring).get('cursor')
  if (cursor) {
    try {
      return { ...(await listOf(visit, { cursor, limit: pageSize })), isFurther: true }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
  return { ...(await listOf(visit, { limit: pageSize })), isFurther: false }
}

/** The counts of the tabs. Nobody learns how much there is that they may not read. */
async function countsFor({ desk, operator, filter }: Visit): Promise<Queue['counts']> {
  if (desk.options.mayRead) return undefined
  const { status, order, assignee, text, ...others } = listQuery(filter, operator, desk.now())
  const counts = await desk.deferrals.count(others)
  if (assignee === undefined && text === undefined) return counts
  const ofPending = { ...(assignee !== undefined && { assignee }), ...(text !== undefined && { text }) }
  const { pending } = await desk.deferrals.count({ ...others, ...ofPending, status: 'pending' })
  return { ...counts, pending }
}

async function queuePage(visit: Visit): Promise<void> {
  const { desk, operator } = visit
  const [{ deferrals, cursor, isFurther, order }, counts, operators] = await Promise.all([
    pageOf(visit),
    countsFor(visit),
    operatorsOf(desk),
  ])
  const rows = await Promise.all(deferrals.map((deferral) => rowOf(visit, deferral)))
  showQueue(visit, { rows, order, cursor, isFurther, counts }, namesOfOperators(operators, operator))
}

export const queueRoutes: readonly Route[] = [{ method: 'GET', path: /^\/$/, handle: queuePage }]
