import type { DeferralListing, DeferralStore, ListQuery } from 'oidc-provider-deferred'
import { Deferrals } from '../../lib/back_office/deferrals.js'
import { recordsOf } from '../../lib/deferral/records.js'
import { at, type Fixture, fixtureOf } from '../../lib/testing/fixture.js'

/** The back office of an issuer that has no provider, on a store. The test says what time it is. */
export interface Office extends Fixture {
  deferrals: Deferrals
  store: DeferralStore
  clock: { seconds: number }
}

/** The back office of one issuer. */
export function deferralsOf(store: DeferralStore, issuer: string, now: () => Date): Deferrals {
  const records = recordsOf(store, { issuer, retention: 86_400, clock: now, onWritten: () => {} })
  return new Deferrals({ records, narrowing: {}, grantExpiry: async () => undefined, close: async () => {} })
}

/** The back office of an issuer of its own. */
export async function officeOn(store: DeferralStore, seconds = 100): Promise<Office> {
  const fixture = await fixtureOf(() => store)
  const clock = { seconds }
  return { ...fixture, store, clock, deferrals: deferralsOf(store, fixture.issuer, () => at(clock.seconds)) }
}

/** A store that counts the calls of these operations. */
export function countingCalls(store: DeferralStore): { store: DeferralStore; calls: Record<string, number> } {
  const calls: Record<string, number> = {}
  const operations = (['list', 'count', 'stats', 'history'] as const).map((name) => {
    const counted = (...args: unknown[]) => {
      calls[name] = (calls[name] ?? 0) + 1
      return Reflect.apply(store[name], store, args)
    }
    return [name, counted] as const
  })
  return { store: { ...store, ...Object.fromEntries(operations) }, calls }
}

/** Reads all pages of a list. */
export async function pagesOf(
  deferrals: { list(query: ListQuery): Promise<DeferralListing> },
  query: ListQuery,
  between: () => Promise<void> = async () => {},
): Promise<DeferralListing['deferrals']> {
  const all: DeferralListing['deferrals'] = []
  let cursor: string | undefined
  for (let count = 1; ; count++) {
    if (count > mostPages) throw new Error('the cursors lead nowhere')
    const page = await deferrals.list({ ...query, ...(cursor !== undefined && { cursor }) })
    all.push(...page.deferrals)
    cursor = page.cursor
    if (cursor === undefined) return all
    await between()
  }
}

const mostPages = 300

/** Members of a record of this status. */
export function membersOf(status: string): object {
  const decided = { decision: { by: 'reviewer' }, decidedAt: at(1) }
  if (status === 'cancelled') return { status, cancelledAt: at(1) }
  if (status === 'pending') return { status }
  return { status, ...decided, ...(status === 'redeemed' && { redeemedAt: at(2) }) }
}
