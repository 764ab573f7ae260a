import type { Deferral, DeferralRecord } from '../deferral/deferral.js'
import { describe, describeHistory } from '../deferral/describe.js'
import { listedStatuses } from '../deferral/listing.js'
import type { Records } from '../deferral/records.js'
import {
  argumentOf,
  boolean,
  type Check,
  integer,
  type Members,
  oneOf,
  optional,
  refuse,
  shape,
  string,
  withDefault,
} from '../deferral/shape.js'
import type { DeferralFilter, DeferralQuery, ListedStatus, ListPosition, Stored } from '../deferral/store.js'
import type { Reviewed } from './transition.js'

/** The query of `list`. */
export interface ListQuery {
  status?: ListedStatus | ListedStatus[]
  clientId?: string
  accountId?: string
  /** each deferral has its `history`; it costs one more read for each */
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

const status = oneOf(listedStatuses)
const statuses: Check<ListedStatus[]> = (value, at) => {
  if (!Array.isArray(value)) return [status(value, at)]
  if (value.length === 0) refuse(at, 'must have at least one status')
  return Array.from(value, (name, index) => status(name, `${at}[${index}]`))
}

const members = {
  status: optional(statuses),
  clientId: optional(string),
  accountId: optional(string),
  history: optional(boolean),
  ...pageMembers,
} satisfies Members<Omit<ListQuery, 'status'> & { status?: ListedStatus[] }>
const checkQuery = argumentOf('list', shape(members))

/** Reads one page; a `TypeError` names the wrong member of the query. */
export async function list(records: Records, query: ListQuery): Promise<DeferralListing> {
  const { cursor: after, limit, history = false, ...filter } = checkQuery(query)
  const { rows, cursor } = await page(records, filter, { cursor: after, limit })
  const deferrals = history ? await Promise.all(rows.map((row) => withHistory(records, row))) : rows.map(describe)
  return { deferrals, ...(cursor !== undefined && { cursor }) }
}

/** The deferral in a record, with its history. The history is read after the record: it may be newer. */
export async function withHistory(records: Records, record: Stored): Promise<Reviewed> {
  return { ...describe(record), history: describeHistory(await records.history(record.id, record)) }
}

/** A page of records, and the cursor of the next page. */
export async function page(
  records: Records,
  filter: { [K in keyof DeferralFilter]?: DeferralFilter[K] | undefined },
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<{ rows: Stored[]; cursor?: string }> {
  const after = cursor === undefined ? undefined : decode(cursor)
  const query = Object.entries({ ...filter, after }).filter(([, value]) => value !== undefined)
  // reads one record more, to know whether another page follows
  const more = await records.list({ ...(Object.fromEntries(query) as Partial<DeferralQuery>), limit: limit + 1 })
  const rows = more.slice(0, limit)
  const last = rows.at(-1)
  return { rows, ...(more.length > limit && last && { cursor: encode(last) }) }
}

function encode({ createdAt, id }: DeferralRecord): string {
  return Buffer.from(`${createdAt.getTime()}.${id}`).toString('base64url')
}

function decode(cursor: string): ListPosition {
  const match = /^(\d{1,15})\.([\w-]{22})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match) refuse('list: cursor', 'must be one that list returned')
  return { at: new Date(Number(match[1])), id: match[2] as string }
}
