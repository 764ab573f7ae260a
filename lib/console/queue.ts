import type { Deferral, DeferralListing } from '../index.js'
import { type Desk, isReadable, obstacleTo, type Visit } from './desk.js'
import { listQuery } from './filter.js'
import { showQueue } from './pages/queue.js'
import { namesOfOperators, operatorsOf, personOf } from './people.js'
import type { Route } from './routes.js'
import { kindName, kindOf } from './words.js'

const pageSize = 25

/** One line of the queue. */
export interface Row {
  deferral: Deferral
  client: string
  person: string | undefined
  kind: string
  /** why this operator may not decide it */
  obstacle: string | undefined
}

/** One page of the queue. */
export interface Queue {
  rows: Row[]
  order: NonNullable<ReturnType<typeof listQuery>['order']>
  /** cursor of the next page, if there is one */
  cursor: string | undefined
  /** false on the first page */
  isFurther: boolean
  counts: Awaited<ReturnType<Desk['deferrals']['count']>> | undefined
}

/** What kind of request this is, in words. */
export function kindInWords({ options }: Desk, deferral: Deferral): string {
  return options.texts?.kind?.(deferral) ?? kindName(kindOf(deferral))
}

async function rowOf({ desk, operator }: Visit, deferral: Deferral): Promise<Row> {
  const isOpen = deferral.status === 'pending' && !deferral.expired
  const [client, person, obstacle] = await Promise.all([
    desk.clientName(deferral.clientId),
    personOf(desk, deferral),
    isOpen ? obstacleTo(desk, operator, deferral) : undefined,
  ])
  return { deferral, client, person, kind: kindInWords(desk, deferral), obstacle }
}

/** The list of the filter. Without an order in the URL, and without due times, the oldest come first. */
export async function listOf(
  { desk, operator, filter }: Visit,
  page: { cursor?: string; limit: number },
): Promise<DeferralListing & { order: Queue['order'] }> {
  const query = listQuery(filter, operator, desk.now())
  const { order = 'newest' } = query
  const listing = await desk.deferrals.list({ ...query, ...page })
  const isUndated = order === 'due' && !filter.order && !listing.deferrals[0]?.dueAt && page.cursor === undefined
  if (!isUndated) return { ...listing, order }
  return { ...(await desk.deferrals.list({ ...query, ...page, order: 'oldest' })), order: 'oldest' }
}

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
  return desk.deferrals.count(others)
}

async function queuePage(visit: Visit): Promise<void> {
  const { desk, operator } = visit
  const [{ deferrals, cursor, isFurther, order }, counts, operators] = await Promise.all([
    pageOf(visit),
    countsFor(visit),
    operatorsOf(desk),
  ])
  const readable = await Promise.all(deferrals.map((deferral) => isReadable(desk, operator, deferral)))
  const rows = await Promise.all(
    deferrals.filter((_, index) => readable[index]).map((deferral) => rowOf(visit, deferral)),
  )
  showQueue(visit, { rows, order, cursor, isFurther, counts }, namesOfOperators(operators, operator))
}

/** The request that comes after this one in the filter, or the first one; `undefined`: nothing else waits. */
export async function nextOf(visit: Visit, id: string): Promise<Deferral | undefined> {
  const { desk, operator, filter } = visit
  const { deferrals } = await listOf({ ...visit, filter: { ...filter, status: 'pending' } }, { limit: 100 })
  const at = deferrals.findIndex((deferral) => deferral.id === id)
  const others = [...deferrals.slice(at + 1), ...deferrals.slice(0, Math.max(at, 0))]
  const now = desk.now()
  for (const deferral of others) {
    const { assignee } = deferral
    const isTaken = assignee && assignee.to !== operator.id && assignee.until > now
    if (isTaken || !(await isReadable(desk, operator, deferral))) continue
    if ((await obstacleTo(desk, operator, deferral)) === undefined) return deferral
  }
  return undefined
}

export const queueRoutes: readonly Route[] = [{ method: 'GET', path: /^\/$/, handle: queuePage }]
