import { cursorAfter } from '../back_office/cursor.js'
import type { Deferral, ListedNotification, ListQuery } from '../index.js'
import { isReadable, type Reader, readableDeferral } from './desk.js'

/** The place of a page. */
export interface Place {
  limit: number
  cursor?: string
}

/** One page. */
export interface Page<T> {
  rows: T[]
  cursor?: string
}

/** Reads a page from the back office. */
export type ReadPage<T> = (place: Place) => Promise<Page<T>>

const mostRows = 100
const mostReads = 10

/** The rows that this operator may read, in their order. */
export type OnlyReadable<T> = (reader: Reader, rows: readonly T[]) => Promise<{ row: T; deferral: Deferral }[]>

/**
 * A page of the deferrals that the operator may read. It skips hidden ones and reads on, so that neither its length nor its cursor
 * tells of them. After a thousand hidden ones it ends.
 */
export async function readablePage<T>(
  reader: Reader,
  read: ReadPage<T>,
  choose: OnlyReadable<T>,
  place: Place,
  order: NonNullable<ListQuery['order']> = 'newest',
): Promise<Page<T>> {
  if (!reader.desk.options.mayRead) return read(place)
  const { limit, cursor } = place
  const found: Awaited<ReturnType<OnlyReadable<T>>> = []
  let from = cursor
  for (let reads = 0; reads < mostReads; reads++) {
    const page = await read({ limit: mostRows, ...(from !== undefined && { cursor: from }) })
    found.push(...(await choose(reader, page.rows)))
    from = page.cursor
    if (found.length > limit || from === undefined) break
  }
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const next = found.length > limit && last ? cursorAfter(order, last.deferral) : from
  return { rows: shown.map(({ row }) => row), ...(next !== undefined && { cursor: next }) }
}

/** A page of deferrals that the operator may read. */
export async function readableDeferrals(
  reader: Reader,
  query: ListQuery,
  { limit, cursor }: Place,
): Promise<{ deferrals: Deferral[]; cursor?: string }> {
  const read: ReadPage<Deferral> = async (place) => {
    const { deferrals, ...others } = await reader.desk.deferrals.list({ ...query, ...place })
    return { rows: deferrals, ...others }
  }
  const place = { limit, ...(cursor !== undefined && { cursor }) }
  const { rows, ...others } = await readablePage(reader, read, onlyReadable, place, query.order)
  return { deferrals: rows, ...others }
}

/** Those of these deferrals that the operator may read. */
export const onlyReadable: OnlyReadable<Deferral> = async (reader, deferrals) => {
  const readable = await Promise.all(deferrals.map((deferral) => isReadable(reader, deferral)))
  // an empty page would say that nothing waits. A single request that it throws at stays hidden
  if (readable.length > 1 && readable.every((answer) => answer === undefined)) {
    throw new Error('mayRead has failed at every request of a list')
  }
  return deferrals.filter((_, index) => readable[index]).map((deferral) => ({ row: deferral, deferral }))
}

/** Those of these notifications whose deferral the operator may read. */
export const onlyReadableNotifications: OnlyReadable<ListedNotification> = async (reader, notifications) => {
  const found = await Promise.all(notifications.map(({ id }) => readableDeferral(reader, id)))
  return notifications.flatMap((row, index) => {
    const deferral = found[index]
    return deferral ? [{ row, deferral }] : []
  })
}
