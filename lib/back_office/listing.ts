import type { Deferral, DeferralRecord } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import type { Records } from '../deferral/records.js'
import {
  argumentOf,
  integer,
  type Members,
  oneOf,
  optional,
  refuse,
  shape,
  string,
  withDefault,
} from '../deferral/shape.js'
import type { DeferralFilter, DeferralQuery } from '../deferral/store.js'

/** What `list` filters by. */
export interface ListQuery {
  status?: DeferralQuery['status']
  clientId?: string
  accountId?: string
  /** of the page before */
  cursor?: string
  /** 1 to 100, by default 20 */
  limit?: number
}

/** One page; `cursor` is there when there are more. */
export interface DeferralListing {
  deferrals: Deferral[]
  cursor?: string
}

/** Which page of a list. */
export const pageMembers = {
  cursor: optional(string),
  limit: withDefault(integer('a whole number from 1 to 100', 1, 100), 20),
}

const members = {
  status: optional(oneOf(['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired'])),
  clientId: optional(string),
  accountId: optional(string),
  ...pageMembers,
} satisfies Members<ListQuery>
const checkQuery = argumentOf('list', shape(members))

/** Reads one page; a `TypeError` names what is wrong with the query. */
export async function list(records: Records, query: ListQuery): Promise<DeferralListing> {
  const { cursor: after, limit, ...filter } = checkQuery(query)
  const { found, cursor } = await page(records, filter, { cursor: after, limit })
  return { deferrals: found.map(describe), ...(cursor !== undefined && { cursor }) }
}

/** A page of records, and where the next one begins. */
export async function page(
  records: Records,
  filter: { [K in keyof DeferralFilter]?: DeferralFilter[K] | undefined },
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<{ found: DeferralRecord[]; cursor?: string }> {
  const after = cursor === undefined ? undefined : decode(cursor)
  const query = Object.entries({ ...filter, after }).filter(([, value]) => value !== undefined)
  // one more, to know whether another page follows
  const rows = await records.list({ ...(Object.fromEntries(query) as Partial<DeferralQuery>), limit: limit + 1 })
  const found = rows.slice(0, limit)
  const last = found.at(-1)
  return { found, ...(rows.length > limit && last && { cursor: encode(last) }) }
}

function encode({ createdAt, id }: DeferralRecord): string {
  return Buffer.from(`${createdAt.getTime()}.${id}`).toString('base64url')
}

function decode(cursor: string): { createdAt: Date; id: string } {
  const match = /^(\d{1,15})\.([\w-]{22})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match) refuse('list: cursor', 'must be one that list returned')
  return { createdAt: new Date(Number(match[1])), id: match[2] as string }
}
