import type { Collection, Filter, Hint, MongoServerError } from 'mongodb'
import { notificationStatuses } from '../../deferral/notification.js'
import type { CountQuery, DeferralFilter, DeferralQuery, DueQuery, QueueStats, Stored } from '../../deferral/store.js'
import { type DeferralDocument, type Instant, projection, toRecord } from './document.js'
import { nameOfIndex } from './indexes.js'
import { dueIndex } from './schema.js'

type Deferrals = Collection<DeferralDocument>

/** Server codes: the hint matches no index, or several. */
const hintFaults: unknown[] = [2, 27]

/** One page, newest first, in the order of an index. */
export async function listDeferrals(
  deferrals: Deferrals,
  { after, limit, ...filter }: DeferralQuery,
  now: Instant,
): Promise<Stored[]> {
  const page = {
    ...filterOf(filter, now),
    ...(after && {
      $or: [{ createdAt: { $lt: after.at } }, { createdAt: after.at, _id: { $lt: after.id } }],
    }),
  }
  const cursor = deferrals.find(page, { projection: projection(now), sort: { createdAt: -1, _id: -1 }, limit })
  return (await cursor.toArray()).map(toRecord)
}

/** Counts deferrals, up to the limit. */
export function countDeferrals(deferrals: Deferrals, { limit, ...filter }: CountQuery, now: Instant): Promise<number> {
  return deferrals.countDocuments(filterOf(filter, now), { limit })
}

/** The pending deferrals by queue. */
export function statsOf(deferrals: Deferrals, issuer: string, now: Instant): Promise<QueueStats[]> {
  const groups = deferrals.aggregate<QueueStats>([
    { $match: filterOf({ issuer, status: ['pending'] }, now) },
    {
      $group: {
        _id: '$queue',
        pending: { $sum: 1 },
        overdue: { $sum: { $cond: [{ $lte: [{ $ifNull: ['$dueAt', endOfTime] }, now] }, 1, 0] } },
        oldestPendingAt: { $min: '$createdAt' },
      },
    },
    { $project: { _id: 0, queue: { $ifNull: ['$_id', '$$REMOVE'] }, pending: 1, overdue: 1, oldestPendingAt: 1 } },
  ])
  return groups.toArray()
}

const endOfTime = new Date(8.64e15)

/** One page of due deferrals, earliest first, in the order of the partial index on `wakeAt`. */
export async function listDue(
  deferrals: Deferrals,
  { issuer, after, limit }: DueQuery,
  now: Instant,
): Promise<Stored[]> {
  const filter = {
    issuer,
    wakeAt: after ? { $gte: after.wakeAt } : { $exists: true },
    ...(after && { $or: [{ wakeAt: { $gt: after.wakeAt } }, { _id: { $gt: after.id } }] }),
    $expr: { $lte: ['$wakeAt', now] },
  } as Filter<DeferralDocument>
  const options = { projection: projection(now), sort: { wakeAt: 1, _id: 1 }, limit } as const
  const read = async (hint: Hint) => (await deferrals.find(filter, { ...options, hint }).toArray()).map(toRecord)
  try {
    // without the index every sweep would read the whole collection: an error is better
    return await read(dueIndex.key)
  } catch (error) {
    // if several indexes have this key, for example with other collations, the database needs a name
    const name = hintFaults.includes((error as MongoServerError).code) && (await nameOfIndex(deferrals, dueIndex))
    if (!name) throw error
    return read(name)
  }
}

function filterOf({ issuer, status, clientId, accountId, grantId, notification }: DeferralFilter, now: Instant) {
  return {
    issuer,
    direct: { $ne: 'unclaimed' },
    ...statusFilter(status, now),
    ...(clientId !== undefined && { clientId }),
    ...(accountId !== undefined && { accountId }),
    ...(grantId !== undefined && { grantId }),
    ...(notification !== undefined && notificationFilter(notification)),
  } as Filter<DeferralDocument>
}

// for a list of all statuses the database merges index scans; for "any status" it would sort in memory
function notificationFilter(status: NonNullable<DeferralFilter['notification']>): Filter<DeferralDocument> {
  return { 'notification.status': status === 'any' ? { $in: [...notificationStatuses] } : status }
}

function statusFilter(statuses: DeferralFilter['status'], now: Instant): Filter<DeferralDocument> {
  if (!statuses) return {}
  const isUnexpired = { $expr: { $gt: ['$expiresAt', now] } }
  const each = statuses.map((status): Filter<DeferralDocument> => {
    if (status === 'pending' || status === 'approved') return { status, ...isUnexpired }
    if (status !== 'expired') return { status }
    return { status: { $in: ['pending', 'approved'] }, $expr: { $lte: ['$expiresAt', now] } }
  })
  return { $and: [{ $or: each }] }
}
