import type { Deferral, DeferralListing } from '../index.js'
import { type Desk, obstacleTo, type Visit } from './desk.js'
import { display } from './display.js'
import { orReportSync } from './faults.js'
import { listQuery } from './filter.js'
import { personOf } from './people.js'
import { readableDeferrals } from './readable_page.js'
import { kindName, kindOf } from './words.js'

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

/** What kind of request this is, in words; those of this console, if the integrator's code fails. */
export function kindInWords({ ctx, desk }: Visit, deferral: Deferral): string {
  const preset = kindName(kindOf(deferral))
  const inWords = () => {
    const words = desk.options.texts?.kind?.(deferral)
    return words === undefined ? preset : display(words, 80)
  }
  return orReportSync(ctx, inWords, preset)
}

/** What a line says. */
export async function rowOf(visit: Visit, deferral: Deferral): Promise<Row> {
  const { desk, operator } = visit
  const isOpen = deferral.status === 'pending' && !deferral.expired
  const [client, person, obstacle] = await Promise.all([
    desk.clientName(deferral.clientId),
    personOf(visit, deferral),
    isOpen ? obstacleTo(visit, operator, deferral) : undefined,
  ])
  return { deferral, client, person, kind: kindInWords(visit, deferral), obstacle }
}

/** What the operator may read of the filter. Without an order in the URL, and without due times, the oldest come first. */
export async function listOf(
  visit: Visit,
  page: { cursor?: string; limit: number },
): Promise<DeferralListing & { order: Queue['order'] }> {
  const { desk, operator, filter } = visit
  const query = listQuery(filter, operator, desk.now())
  const { order = 'newest' } = query
  const listing = await readableDeferrals(visit, query, page)
  const isUndated = order === 'due' && !filter.order && !listing.deferrals[0]?.dueAt && page.cursor === undefined
  if (!isUndated) return { ...listing, order }
  return { ...(await readableDeferrals(visit, { ...query, order: 'oldest' }, page)), order: 'oldest' }
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
    if (isTaken) continue
    if ((await obstacleTo(visit, operator, deferral)) === undefined) return deferral
  }
  return undefined
}
