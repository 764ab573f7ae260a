import assert from 'node:assert/strict'
import { compare, positionOf, selected } from '../deferral/listing.js'
import type { DeferralFilter, ListOrder } from '../deferral/queries.js'
import type { DeferralStore, ListedRecord, Stored } from '../deferral/store.js'
import { assertSame, type Fixture } from './fixture.js'

/** A filter within the issuer of a test. */
export type Filter = Omit<DeferralFilter, 'issuer'>

/** The ids of records, in their order. */
export const idsOf = (records: readonly { id: string }[] | undefined) => (records ?? []).map(({ id }) => id)

/** The same texts, sorted. */
export const sorted = (ids: string[]) => [...ids].sort()

/** Asserts that `list` and `count` select these deferrals. */
export async function expectOf({ nodes, issuer }: Fixture, filter: Filter, now: Date | undefined, ids: string[]) {
  const reader = nodes[1] as DeferralStore
  const query = { ...filter, issuer, limit: 100 }
  assertSame(sorted(idsOf(await reader.list(query, now))), sorted(ids), `list ${JSON.stringify(filter)}`)
  assert.equal(await reader.count(query, now), ids.length, `count ${JSON.stringify(filter)}`)
}

/** Asserts that `list` selects these records in this order, page by page, and that `count` counts them. */
export async function expectInOrder(
  { nodes, issuer }: Fixture,
  filter: Filter,
  { order, records, now, limit }: { order: ListOrder; records: Stored[]; now: Date; limit: number },
): Promise<void> {
  const reader = nodes[1] as DeferralStore
  const text = `${JSON.stringify(filter)} in the order ${order}`
  const expected = inOrder(selected(records, { ...filter, issuer }, now), order)
  const read: ListedRecord[] = []
  for (let isOver = false; !isOver; ) {
    const last = read.at(-1)
    const after = last && { after: positionOf(last, order) }
    const page = await reader.list({ ...filter, issuer, order, limit, ...after }, now)
    assert(page.length <= limit, 'at most `limit` records')
    read.push(...page)
    // else a store that returns one page again and again would be read for ever
    assert(read.length <= expected.length, `list ${text} returns no more records than there are`)
    isOver = page.length < limit
  }
  assertSame(idsOf(read), idsOf(expected), `list ${text}, ${limit} at a time`)
  assert.equal(await reader.count({ ...filter, issuer, limit: 1000 }, now), expected.length, `count ${text}`)
}

/** The records as a listing orders them. */
export function inOrder<T extends Stored>(records: T[], order: ListOrder): T[] {
  return [...records].sort((a, b) => compare(order, positionOf(a, order), positionOf(b, order)))
}
