import { type Deferral, type DeferralRecord, describe } from './deferral.js'
import { isObject } from './json.js'
import type { DeferralQuery, DeferralStore } from './store.js'

/** What `list` filters by. */
export interface ListQuery {
  status?: DeferralQuery['status']
  clientId?: string
  accountId?: string
  /** of the page before */
  cursor?: string
  /** 1 to 100, 20 unless told */
  limit?: number
}

/** One page; `cursor` is there when there are more. */
export interface DeferralListing {
  deferrals: Deferral[]
  cursor?: string
}

const statuses = ['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired']
const members = ['status', 'clientId', 'accountId', 'cursor', 'limit']

/** Reads one page; a `TypeError` names what is wrong with the query. */
export async function list(store: DeferralStore, query: ListQuery, now: Date | undefined): Promise<DeferralListing> {
  if (!isObject(query as unknown)) throw new TypeError('list: the query must be a plain object')
  const { cursor, limit = 20, status, clientId, accountId } = query
  assertQuery({ ...query, limit })
  const after = cursor === undefined ? undefined : decode(cursor)
  const records = await store.list(withoutAbsent({ status, clientId, accountId, after, limit: limit + 1 }), now)
  const page = records.slice(0, limit)
  const last = page.at(-1)
  return {
    deferrals: page.map(describe),
    ...(records.length > limit && last && { cursor: encode(last) }),
  }
}

function withoutAbsent(query: { [K in keyof DeferralQuery]: DeferralQuery[K] | undefined }): DeferralQuery {
  return Object.fromEntries(
    Object.entries(query).filter(([, value]) => value !== undefined),
  ) as unknown as DeferralQuery
}

function assertQuery(query: ListQuery & { limit: number }): void {
  const unknown = Object.keys(query).find((name) => !members.includes(name))
  if (unknown) throw new TypeError(`list: ${unknown} is not known, use ${members.join(', ')}`)
  if (query.status !== undefined && !statuses.includes(query.status)) {
    throw new TypeError(`list: status must be one of ${statuses.join(', ')}`)
  }
  for (const name of ['clientId', 'accountId', 'cursor'] as const) {
    if (query[name] !== undefined && typeof query[name] !== 'string')
      throw new TypeError(`list: ${name} must be a string`)
  }
  if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > 100) {
    throw new TypeError('list: limit must be a whole number from 1 to 100')
  }
}

function encode({ createdAt, id }: DeferralRecord): string {
  return Buffer.from(`${createdAt.getTime()}.${id}`).toString('base64url')
}

function decode(cursor: string): { createdAt: Date; id: string } {
  const match = /^(\d{1,15})\.([\w-]{22})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match) throw new TypeError('list: cursor must be one that list returned')
  return { createdAt: new Date(Number(match[1])), id: match[2] as string }
}
