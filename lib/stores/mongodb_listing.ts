import type { Collection, Filter } from 'mongodb'
import type { DeferralRecord } from '../deferral/deferral.js'
import { notificationStatuses } from '../deferral/notification.js'
import type { DeferralQuery } from '../deferral/store.js'
import { type DeferralDocument, type Instant, projection, toRecord } from './mongodb_document.js'

/** One page, newest first, along an index. */
export async function listing(
  deferrals: Collection<DeferralDocument>,
  { status, clientId, accountId, notification, after, limit }: DeferralQuery,
  now: Instant,
): Promise<DeferralRecord[]> {
  const filter: Filter<DeferralDocument> = {
    ...statusFilter(status, now),
    ...(clientId !== undefined && { clientId }),
    ...(accountId !== undefined && { accountId }),
    ...(notification !== undefined && notificationFilter(notification)),
    ...(after && {
      $or: [{ createdAt: { $lt: after.createdAt } }, { createdAt: after.createdAt, _id: { $lt: after.id } }],
    }),
  }
  const page = deferrals.find(filter, { projection: projection(now), sort: { createdAt: -1, _id: -1 }, limit })
  return (await page.toArray()).map(toRecord)
}

// all statuses by name are one merge of index scans; any of them, without the names, would be sorted in memory
function notificationFilter(status: NonNullable<DeferralQuery['notification']>): Filter<DeferralDocument> {
  return { 'notification.status': status === 'any' ? { $in: [...notificationStatuses] } : status }
}

function statusFilter(status: DeferralQuery['status'], now: Instant): Filter<DeferralDocument> {
  switch (status) {
    case undefined:
      return {}
    case 'expired':
      return { status: { $ne: 'redeemed' }, $expr: { $lte: ['$expiresAt', now] } }
    case 'pending':
    case 'approved':
      return { status, $expr: { $gt: ['$expiresAt', now] } }
    default:
      return { status }
  }
}
