import type { Collection, Document, Filter, IndexDescription } from 'mongodb'
import type { DeferralFilter, DeferralQuery, DueQuery, ListOrder, ListPosition } from '../../deferral/queries.js'
import type { ListedRecord, Stored } from '../../deferral/store.js'
import { endOfTime } from './derived.js'
import {
  type DeferralDocument,
  type Instant,
  projection,
  projectionWithHistory,
  toListedRecord,
  toRecord,
} from './document.js'
import { indexOfList, readWith, sortOf } from './plan.js'
import { byNotification, dueIndex, ofPending } from './schema.js'
import { conditionsOf, isOnSide, notificationsOf, phaseQuery, phasesOf, phasesQuery } from './selection.js'

type Deferrals = Collection<DeferralDocument>
type Query = Filter<DeferralDocument>

/** One page, in the order of an index. */
export async function listDeferrals(deferrals: Deferrals, query: DeferralQuery, now: Instant): Promise<ListedRecord[]> {
  const { after, limit, order = 'newest', history, ...filter } = query
  const { time, direction } = sortOf(order)
  const index = indexOfList(filter, order)
  const page = pageQuery(index, filter, rangesOf(order, after), now)
  const options = {
    projection: history ? projectionWithHistory(now) : projection(now),
    sort: { [time]: direction, _id: direction },
    limit,
  }
  const documents = await readWith(deferrals, index, (hint) => deferrals.find(page, { ...options, ...hint }).toArray())
  return documents.map((document) => (history ? toListedRecord(document) : toRecord(document)))
}

// One branch for each range of the index, because each range is in order: the database merges the branches. Of a list of phases and
// a position together it would sort everything
function pageQuery(index: IndexDescription, filter: DeferralFilter, ranges: Document[], now: Instant): Query {
  const conditions = conditionsOf(filter, now)
  const prefixes = prefixesOf(index, filter, now)
  const branches = prefixes.flatMap((prefix) => ranges.map((range) => ({ $and: [...conditions, prefix, range] })))
  return branches.length === 1 ? (branches[0] as Query) : { $or: branches }
}

function prefixesOf(index: IndexDescription, { status, notification }: DeferralFilter, now: Instant): Document[] {
  const phases = phasesOf(status)
  if ('phase' in index.key) return phases.map((selection) => phaseQuery(selection, now))
  if (ofPending.includes(index)) return [{ $expr: isOnSide('before', now) }]
  const ofPhase = phasesQuery(phases, now)
  if (index !== byNotification || !notification) return [ofPhase]
  return notificationsOf(notification).map((each) => ({ $and: [ofPhase, { 'notification.status': each }] }))
}

// the rest of the instant of the position, and what follows it
function rangesOf(order: ListOrder, after: ListPosition | undefined): Document[] {
  const { time, direction } = sortOf(order)
  // a partial index serves a query that demands its member
  if (!after) return [order === 'due' ? { dueBy: { $lte: endOfTime } } : {}]
  const at = after.at ?? endOfTime
  const next = direction === 1 ? '$gt' : '$lt'
  return [{ [time]: { $eq: at }, _id: { [next]: after.id } }, { [time]: { [next]: at } }]
}

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
  } as Query
  const options = { projection: projection(now), sort: { wakeAt: 1, _id: 1 }, limit } as const
  const read = (hint: object) => deferrals.find(filter, { ...options, ...hint }).toArray()
  // without the index every sweep would read the whole collection: an error is better
  return (await readWith(deferrals, dueIndex, read, true)).map(toRecord)
}
