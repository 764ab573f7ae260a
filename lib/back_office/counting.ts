import { listedStatuses } from '../deferral/listing.js'
import type { ListedStatus } from '../deferral/queries.js'
import type { Records } from '../deferral/records.js'
import { argumentOf, shape } from '../deferral/shape.js'
import { filterMembers, type ListFilter, selectionOf } from './selection.js'

/** Deferrals by status, each at most 10,000. */
export type DeferralCount = Record<ListedStatus, number> & {
  /** there are more than 10,000 with one of these statuses */
  more?: true
}

/** The pending deferrals of one queue. */
export interface PendingStats {
  pending: number
  /** of these, past their `dueAt` */
  overdue: number
  oldestPendingAt: Date
}

/** The pending deferrals. */
export interface DeferralStats {
  pending: number
  /** of these, past their `dueAt` */
  overdue: number
  /** absent if none is pending */
  oldestPendingAt?: Date
  /** by the name of the queue; deferrals without a queue are in the totals only */
  byQueue: { [queue: string]: PendingStats }
}

const most = 10_000

const checkFilter = argumentOf('count', shape(filterMembers))

/** Counts deferrals by status; a `TypeError` names the wrong member of the filter. */
export async function count(records: Records, filter: ListFilter): Promise<DeferralCount> {
  const { status: selected = listedStatuses, ...others } = selectionOf('count', checkFilter(filter))
  const numbers = await Promise.all(
    listedStatuses.map((status) =>
      selected.includes(status) ? records.count({ ...others, status: [status], limit: most + 1 }) : 0,
    ),
  )
  const counts = listedStatuses.map((status, index) => [status, Math.min(numbers[index] ?? 0, most)])
  return { ...Object.fromEntries(counts), ...(numbers.some((number) => number > most) && { more: true }) }
}

/** Sums up the pending deferrals. */
export async function stats(records: Records): Promise<DeferralStats> {
  const rows = await records.stats()
  const total = (of: 'pending' | 'overdue') => rows.reduce((sum, row) => sum + row[of], 0)
  const [oldestPendingAt] = rows.map((row) => row.oldestPendingAt).sort((a, b) => a.getTime() - b.getTime())
  // no prototype: a queue may be named `__proto__`, and `byQueue.constructor` must be absent
  const byQueue: DeferralStats['byQueue'] = Object.create(null)
  for (const { queue, pending, overdue, oldestPendingAt } of rows) {
    if (queue !== undefined) byQueue[queue] = { pending, overdue, oldestPendingAt }
  }
  return {
    pending: total('pending'),
    overdue: total('overdue'),
    ...(oldestPendingAt && { oldestPendingAt }),
    byQueue,
  }
}
