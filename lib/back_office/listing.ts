import type { Deferral, DeferralRecord } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import { isObject } from '../deferral/json.js'
import type { Records } from '../deferral/records.js'
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

const statuses: readonly string[] = ['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired']
const members = ['status', 'clientId', 'accountId', 'cursor', 'limit']

/** Reads one page; a `TypeError` names what is wrong with the query. */
export async function list(records: Records, query: ListQuery): Promise<DeferralListing> {
  const checked = checkedQuery(query, members, statuses)
  const { status, clientId, accountId } = checked
  const { found, cursor } = await page(records, { status, clientId, accountId }, checked)
  return { deferrals: found.map(describe), ...(cursor !== undefined && { cursor }) }
}

/** A page of records, and where the next one begins. */
export async function page(
  records: Records,
  filter: { [K in keyof DeferralFilter]?: DeferralFilter[K] | undefined },
  { cursor, limit = 20 }: { cursor?: string; limit?: number },
): Promise<{ found: DeferralRecord[]; cursor?: string }> {
  const after = cursor === undefined ? undefined : decode(cursor)
  const query = Object.entries({ ...filter, after }).filter(([, value]) => value !== undefined)
  // one more, to know whether another page follows
  const rows = await records.list({ ...(Object.fromEntries(query) as Partial<DeferralQuery>), limit: limit + 1 })
  const found = rows.slice(0, limit)
  const last = found.at(-1)
  return { found, ...(rows.length > limit && last && { cursor: encode(last) }) }
}

/** Checks a query and returns a copy; a `TypeError` names the member. */
export function checkedQuery<T extends object>(given: T, known: string[], statuses: readonly string[]): T {
  if (!isObject(given)) throw new TypeError('list: the query must be a plain object')
  const query = { ...given }
  const unknown = Object.keys(query).find((name) => !known.includes(name))
  if (unknown) throw new TypeError(`list: ${unknown} is not known, use ${known.join(', ')}`)
  const { status, limit = 20 } = query as { status?: string; limit?: number }
  if (status !== undefined && !statuses.includes(status)) {
    throw new TypeError(`list: status must be one of ${statuses.join(', ')}`)
  }
  for (const name of ['clientId', 'accountId', 'cursor'] as const) {
    const value = (query as Record<string, unknown>)[name]
    if (value !== undefined && typeof value !== 'string') throw new TypeError(`list: ${name} must be a string`)
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw new TypeError('list: limit must be a whole number from 1 to 100')
  }
  return query
}

function encode({ createdAt, id }: DeferralRecord): string {
  return Buffer.from(`${createdAt.getTime()}.${id}`).toString('base64url')
}

function decode(cursor: string): { createdAt: Date; id: string } {
  const match = /^(\d{1,15})\.([\w-]{22})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match) throw new TypeError('list: cursor must be one that list returned')
  return { createdAt: new Date(Number(match[1])), id: match[2] as string }
}
