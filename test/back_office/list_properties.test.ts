import fc from 'fast-check'
import { type Deferral, type DeferralStore, type ListQuery, memoryStore } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { at } from '../../lib/testing/fixture.js'
import { describeMongo, useMongoStore } from '../support/database.js'
import { membersOf, type Office, officeOn, pagesOf } from '../support/office.js'

const now = 100
const people = ['alice', 'bob']
const absent = fc.constant(undefined)
const some = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined })

/** A row whose members are often equal to those of others. */
const row = fc.record({
  created: fc.constantFrom(0, 10, 10, 20, 30.001),
  status: fc.constantFrom('pending', 'pending', 'pending', 'approved', 'denied', 'cancelled', 'redeemed'),
  queue: some('kyc', '__proto__'),
  title: some('Alice pays', 'alice PAYS'),
  clientId: fc.constantFrom('shop', 'alice'),
  accountId: some(...people),
  grantType: some('authorization_code'),
  profile: fc.constantFrom('openid', 'oauth'),
  due: some(1, 50, 90, 300),
  expiresIn: fc.constantFrom(1, 60, 90, 200, 200, 300),
  assignee: some(...people),
  lease: fc.constantFrom(99, 1000),
})
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never

const status = fc.constantFrom('pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired')
const time = fc.option(fc.constantFrom(at(10), at(10.001), at(30.001), at(150)), { nil: undefined })
const shared = {
  queue: some('kyc', '__proto__', 'x'),
  clientId: some('shop', 'alice'),
  accountId: some(...people),
  grantType: some('authorization_code'),
  profile: some('openid', 'oauth'),
  createdAfter: time,
  createdBefore: time,
  expiresBefore: time,
}
const onlyPending = {
  assignee: fc.option(fc.constantFrom<(string | null)[]>(...people, null), { nil: undefined }),
  text: some('alice', 'ALICE p', 'shop', 'b'),
  overdue: some(true, false),
}
const query: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc.record({
    ...shared,
    status: fc.oneof(absent, status, fc.uniqueArray(status, { minLength: 1 })),
    order: some('newest', 'oldest'),
  }),
  fc.record({
    ...shared,
    ...onlyPending,
    status: some('pending'),
    order: some('newest', 'oldest', 'due', 'expiring'),
  }),
  fc.record({
    ...shared,
    status: fc.oneof(absent, fc.uniqueArray(fc.constantFrom('pending', 'approved'), { minLength: 1 })),
    order: fc.constant('expiring'),
  }),
)

/** What happens between two pages: a row comes, or one is decided, cancelled or extended. */
const event = fc.oneof(
  fc.record({ add: row }),
  fc.record({ verb: fc.constantFrom('approve', 'deny', 'cancel', 'extend'), target: fc.nat() }),
)

const asQuery = (members: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as ListQuery

function insert(office: Office, { created, status, due, assignee, lease, ...members }: Row) {
  return office.insert(
    {
      ...members,
      ...membersOf(status),
      dueAt: due === undefined ? undefined : at(due),
      assignee: assignee === undefined ? undefined : { to: assignee, at: at(0), until: at(lease) },
    },
    at(created),
  )
}

/** The filter, written down once more, over deferrals as `get` shows them. */
function isWanted(deferral: Deferral, wanted: ListQuery): boolean {
  const { status, expired, assignee, title, id, clientId, accountId } = deferral
  const shown = expired && (status === 'pending' || status === 'approved') ? 'expired' : status
  const isPendingOnly = 'assignee' in wanted || 'text' in wanted || wanted.overdue || wanted.order === 'due'
  const implied = isPendingOnly ? ['pending'] : wanted.order === 'expiring' ? ['pending', 'approved'] : undefined
  const statuses = wanted.status === undefined ? implied : [wanted.status].flat()
  const members = ['queue', 'clientId', 'accountId', 'grantType', 'profile'] as const
  const beginnings = [title, id, clientId, accountId].map((text) => text?.toLowerCase() ?? '')
  return [
    !statuses || statuses.some((name) => name === shown),
    members.every((name) => wanted[name] === undefined || wanted[name] === deferral[name]),
    wanted.assignee === undefined || wanted.assignee === (assignee?.to ?? null),
    wanted.text === undefined || beginnings.some((text) => text.startsWith(wanted.text?.toLowerCase() ?? '')),
    wanted.createdAfter === undefined || deferral.createdAt >= wanted.createdAfter,
    wanted.createdBefore === undefined || deferral.createdAt < wanted.createdBefore,
    wanted.expiresBefore === undefined || deferral.expiresAt < wanted.expiresBefore,
    !wanted.overdue || deferral.overdue,
  ].every(Boolean)
}

/** The place in an order, as a text that sorts. */
function placeOf({ id, createdAt, dueAt, expiresAt }: Deferral, order: ListQuery['order']): string {
  const instant = order === 'due' ? (dueAt?.toISOString() ?? 'never') : order === 'expiring' ? expiresAt : createdAt
  return `${instant instanceof Date ? instant.toISOString() : instant} ${id}`
}

function sorted(deferrals: Deferral[], { order }: ListQuery): string[] {
  const places = deferrals.map((deferral) => ({ id: deferral.id, place: placeOf(deferral, order) }))
  const ascending = places.sort((a, b) => (a.place < b.place ? -1 : 1)).map(({ id }) => id)
  return (order ?? 'newest') === 'newest' ? ascending.reverse() : ascending
}

/** Random rows and queries, on any store. */
function pages(storeOf: () => DeferralStore, runs: number): void {
  const rows = fc.array(row, { minLength: 1, maxLength: 14 })

  test('pages of any size are what the filter selects, in order, each row once; count agrees', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.array(query, { minLength: 5, maxLength: 5 }), fc.integer({ min: 1, max: 5 }), check),
      { numRuns: runs },
    )

    async function check(made: Row[], queries: Record<string, unknown>[], limit: number) {
      const office = await officeOn(storeOf(), now)
      const stranger = await officeOn(office.store, now)
      const stored = await Promise.all(made.map((one) => insert(office, one)))
      await Promise.all(made.map((one) => insert(stranger, one)))
      const all = (await Promise.all(stored.map(({ id }) => office.deferrals.get(id)))).filter(
        (one) => one !== undefined,
      )
      for (const wanted of queries.map(asQuery)) {
        const expected = all.filter((deferral) => isWanted(deferral, wanted))
        const read = await pagesOf(office.deferrals, { ...wanted, limit })
        expect(read.map(({ id }) => id)).toEqual(sorted(expected, wanted))
        if (wanted.order === 'due' || wanted.order === 'expiring') continue
        const { order, ...filter } = wanted
        const { more, ...counts } = await office.deferrals.count(filter)
        expect(Object.values(counts).reduce((sum, number) => sum + number, 0)).toBe(expected.length)
      }
    }
  })

  test('rows that stay in their place are neither lost nor doubled while others come and are decided', async () => {
    const step = fc.array(event, { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(rows, query, fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 8 }), check),
      { numRuns: runs },
    )

    async function check(
      made: Row[],
      members: Record<string, unknown>,
      limit: number,
      steps: (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
    ) {
      const office = await officeOn(storeOf(), now)
      const wanted = asQuery(members)
      const stored = await Promise.all(made.map((one) => insert(office, one)))
      const changed = new Set<string>()
      const before = await Promise.all(stored.map(({ id }) => office.deferrals.get(id)))
      const left = [...steps]
      const read = await pagesOf(office.deferrals, { ...wanted, limit }, async () => {
        for (const next of left.shift() ?? []) {
          if ('add' in next) await insert(office, next.add)
          else {
            const { id } = stored[next.target % stored.length] ?? { id: '' }
            const call = { approve: {}, deny: {}, cancel: {}, extend: { expiresIn: 77 } }[next.verb]
            const verb = office.deferrals[next.verb] as (id: string, argument: object) => Promise<{ changed: boolean }>
            if ((await verb.call(office.deferrals, id, call ?? {})).changed) changed.add(id)
          }
        }
      })
      const ids = read.map(({ id }) => id)
      const unmoved = before.filter((one) => one !== undefined && !changed.has(one.id)) as Deferral[]
      const selected = unmoved.filter((deferral) => isWanted(deferral, wanted))
      const unmovedIds = new Set(unmoved.map(({ id }) => id))
      expect(ids.filter((id) => unmovedIds.has(id))).toEqual(sorted(selected, wanted))
      // only an extension moves a row, and only in one order
      if (wanted.order !== 'expiring') expect(new Set(ids).size).toBe(ids.length)
      for (const deferral of read) expect(isWanted(deferral, wanted)).toBe(true)
    }
  })
}

describe('in memory', () => pages(memoryStore, 300))

describeMongo('on MongoDB', () => pages(useMongoStore(), 20))
