import type { Collection, Document } from 'mongodb'
import type { QueueStats } from '../../deferral/queries.js'
import { endOfTime } from './derived.js'
import type { DeferralDocument, Instant } from './document.js'
import { readWith } from './plan.js'
import { byQueueDue } from './schema.js'

/** The pending deferrals by queue, from an index alone. */
export async function statsOf(
  deferrals: Collection<DeferralDocument>,
  issuer: string,
  now: Instant,
): Promise<QueueStats[]> {
  const read = <T extends Document>(match: Document, ...stages: Document[]) =>
    readWith(deferrals, byQueueDue, (hint) =>
      deferrals.aggregate<T>([{ $match: { issuer: { $eq: issuer }, ...match } }, ...stages], hint).toArray(),
    )
  // with a constant time the index alone shows what has expired: so the clock of the database is read first
  const time = { $project: { _id: 0, now } }
  const [first] = await read<{ now: Date }>({ dueBy: { $lte: endOfTime } }, { $limit: 1 }, time)
  if (!first) return []
  const unexpired = { expiresAt: { $gt: first.now } }
  // two queries: a condition for each key would cost as much as counting it
  const groups = await Promise.all([
    read<QueueStats>({ dueBy: { $lte: first.now }, ...unexpired }, ...sums('$pending')),
    read<QueueStats>({ dueBy: { $gt: first.now, $lte: endOfTime }, ...unexpired }, ...sums({ $literal: 0 })),
  ])
  return sumsByQueue(groups.flat())
}

function sums(overdue: unknown): Document[] {
  return [
    { $group: { _id: '$queue', pending: { $sum: 1 }, oldestPendingAt: { $min: '$createdAt' } } },
    { $project: { _id: 0, queue: { $ifNull: ['$_id', '$$REMOVE'] }, pending: 1, overdue, oldestPendingAt: 1 } },
  ]
}

/** One row for each queue. */
function sumsByQueue(rows: QueueStats[]): QueueStats[] {
  const byQueue = new Map<string | undefined, QueueStats>()
  for (const row of rows) {
    const { pending, overdue, oldestPendingAt } = byQueue.get(row.queue) ?? { ...row, pending: 0, overdue: 0 }
    byQueue.set(row.queue, {
      ...row,
      pending: row.pending + pending,
      overdue: row.overdue + overdue,
      oldestPendingAt: new Date(Math.min(Number(oldestPendingAt), Number(row.oldestPendingAt))),
    })
  }
  return [...byQueue.values()]
}
