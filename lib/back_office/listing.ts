import type { Deferral } from '../deferral/deferral.js'
import { describe, describeHistory } from '../deferral/describe.js'
import { listOrders, positionOf } from '../deferral/listing.js'
import type { DeferralQuery, ListOrder } from '../deferral/queries.js'
import type { Records } from '../deferral/records.js'
import { argumentOf, boolean, integer, oneOf, optional, shape, string, withDefault } from '../deferral/shape.js'
import type { ListedRecord, Stored } from '../deferral/store.js'
import { toCursor, toPosition } from './cursor.js'
import { filterMembers, type ListFilter, selectionOf } from './selection.js'
import type { Reviewed } from './transition.js'

/** The query of `list`. */
export interface ListQuery extends ListFilter {
  /**
   * `newest` (default) or `oldest` first; `due`: pending ones, those due first come first; `expiring`: pending and approved ones,
   * those that expire first come first
   */
  order?: ListOrder
  /** each deferral has its `history` */
  history?: boolean
  /** `cursor` of the previous page */
  cursor?: string
  /** 1 to 100, by default 20 */
  limit?: number
}

/** One page. `cursor` is present if there is another page. */
export interface DeferralListing {
  deferrals: Deferral[]
  cursor?: string
}

/** The members of a query that select the page. */
export const pageMembers = {
  cursor: optional(string),
  limit: withDefault(integer('a whole number from 1 to 100', 1, 100), 20),
}

const checkQuery = argumentOf(
  'list',
  shape({ ...filterMembers, order: optional(oneOf(listOrders)), history: optional(boolean), ...pageMembers }),
)

/** Reads one page; a `TypeError` names the wrong member of the query. */
export async function list(records: Records, query: ListQuery): Promise<DeferralListing> {
  const { order = 'newest', history = false, cursor: after, limit, ...filter } = checkQuery(query)
  const selection = selectionOf('list', filter, order)
  const { rows, cursor } = await page(records, { ...selection, order, history }, { cursor: after, limit })
  const deferrals = rows.map(history ? reviewed : describe)
  return { deferrals, ...(cursor !== undefined && { cursor }) }
}

/** The deferral in a record, with its history. The history is read after the record: it may be newer. */
export async function withHistory(records: Records, record: Stored): Promise<Reviewed> {
  return reviewed({ ...record, history: await records.history(record.id, record) })
}

/** The deferral in a record that was listed with its history. */
export function reviewed(record: ListedRecord): Reviewed {
  return { ...describe(record), history: describeHistory(record.history ?? []) }
}

/** A page of records, and the cursor of the next page. */
export async function page(
  records: Records,
  query: Omit<DeferralQuery, 'issuer' | 'after' | 'limit'>,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<{ rows: ListedRecord[]; cursor?: string }> {
  const { order = 'newest' } = query
  const after = cursor === undefined ? {} : { after: toPosition(order, cursor) }
  // reads one record more, to know whether another page follows
  const more = await records.list({ ...query, ...after, limit: limit + 1 })
  const rows = more.slice(0, limit)
  const last = rows.at(-1)
  return { rows, ...(more.length > limit && last && { cursor: toCursor(order, positionOf(last, order)) }) }
}
