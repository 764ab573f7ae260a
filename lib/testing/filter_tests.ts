import { newId } from '../deferral/handle.js'
import { listedStatuses } from '../deferral/listing.js'
import type { ListOrder } from '../deferral/queries.js'
import type { Stored } from '../deferral/store.js'
import { at, changeOf, type Fixture, type Tests } from './fixture.js'
import { expectInOrder, expectOf, type Filter } from './listed.js'

const pending: Filter = { status: ['pending'] }

/** Texts that a database could take for a pattern or an operator. */
const hostile = ['$ne', '.*', '^a', 'a|b', '(', '[', '\\', 'a\\', 'a\u0000b', '\n', '{"$gt":""}', '$$NOW', '']

const filters: Filter[] = [
  {},
  ...listedStatuses.map((status) => ({ status: [status] })),
  { status: ['pending', 'approved'] },
  { status: ['approved', 'expired', 'redeemed'] },
  { queue: 'a' },
  { queue: 'a', status: ['pending', 'expired'] },
  { clientId: 'one', queue: 'a' },
  { clientId: 'one', accountId: 'mary', ...pending },
  { accountId: 'mary', createdBefore: at(4) },
  { createdAfter: at(2), createdBefore: at(5) },
  { createdAfter: at(3), clientId: 'one', status: ['denied', 'pending'] },
  { expiresBefore: at(62) },
  { profile: 'oauth', grantType: 'urn:$$ROOT', queue: 'b' },
  { notification: 'any', status: ['pending', 'expired'], queue: 'a' },
  { ...pending, overdue: true },
  { ...pending, overdue: true, queue: 'a' },
  { ...pending, assignee: null },
  { ...pending, assignee: null, queue: 'a', createdAfter: at(1) },
  { ...pending, assignee: 'robin' },
  { ...pending, assignee: 'robin', clientId: 'one' },
  { ...pending, text: 'PAY' },
  { ...pending, text: 'pay', queue: 'b', assignee: null },
  { ...pending, expiresBefore: at(62), createdAfter: at(1) },
]

/** The contract of the filters of `list` and `count`. */
export const filterTests: Tests = {
  async 'list and count filter by queue, and a text that looks like an operator is a text'(fixture) {
    const { insert } = fixture
    const [a, operator] = [await insert({ queue: 'a' }), await insert({ queue: '$ne' })]
    await insert({ queue: 'A' })
    await insert()
    await expectOf(fixture, { queue: 'a' }, at(3), [a.id])
    await expectOf(fixture, { queue: '$ne', status: ['pending'] }, at(3), [operator.id])
    for (const queue of ['', 'b', '.*', '$$ROOT']) await expectOf(fixture, { queue }, at(3), [])
  },

  async 'list and count filter by Grant, by grant type and by profile'(fixture) {
    const a = await fixture.insert({ grantId: '$g', grantType: 'x', profile: 'openid' })
    const b = await fixture.insert({ grantId: 'h', grantType: '$x' })
    await expectOf(fixture, { grantId: '$g' }, at(3), [a.id])
    await expectOf(fixture, { grantType: '$x' }, at(3), [b.id])
    await expectOf(fixture, { profile: 'openid' }, at(3), [a.id])
    await expectOf(fixture, { profile: 'oauth', grantType: 'x' }, at(3), [])
  },

  async 'list and count filter by assignee, by none, and an assignment ends with its lease'(fixture) {
    const [robin, kim, free] = [await assigned('robin', 30), await assigned('$kim', 50), await fixture.insert()]
    const by = (assignee: string | null): Filter => ({ ...pending, assignee })
    await expectOf(fixture, by('robin'), at(29.999), [robin])
    await expectOf(fixture, by('$kim'), at(29.999), [kim])
    await expectOf(fixture, by(null), at(29.999), [free.id])
    await expectOf(fixture, by('robin'), at(30), [])
    await expectOf(fixture, by(null), at(30), [free.id, robin])
    for (const name of ['', 'Robin', '$ne']) await expectOf(fixture, by(name), at(3), [])
    for (const name of ['robin', null]) await expectOf(fixture, by(name), at(60), [])

    async function assigned(to: string, until: number): Promise<string> {
      const before = await fixture.insert()
      const change = changeOf(before, { assignee: { to, at: at(1), until: at(until) } })
      await fixture.nodes[0]?.swap(before, change, newId(), at(1))
      return before.id
    }
  },

  async 'list and count find the beginning of a title, an id, a client or an account, in upper or lower case'(fixture) {
    const { insert } = fixture
    const title = await insert({ title: '4,200.00 EUR to Ångström', clientId: 'c1', accountId: 'a1' })
    const client = await insert({ clientId: 'Client$1', accountId: 'a2' })
    const account = await insert({ accountId: 'Zoë.*', clientId: 'c2' })
    const find = (text: string, ids: string[]) => expectOf(fixture, { ...pending, text }, at(3), ids)
    for (const text of ['4,200', '4,200.00 EUR TO ÅNGSTRÖM', '4,200.00 eur to ångström']) await find(text, [title.id])
    for (const text of ['client$', 'CLIENT$1']) await find(text, [client.id])
    for (const text of ['zoë', 'ZOË.*']) await find(text, [account.id])
    await find(account.id.toUpperCase().slice(0, 12), [account.id])
    for (const text of ['200', '4.200', 'EUR', 'client.', 'zoë..', 'x'.repeat(300)]) await find(text, [])
  },

  async 'a text to search is never a pattern'(fixture) {
    await fixture.insert({ title: 'ab', clientId: 'b', accountId: 'c' })
    for (const text of hostile.filter((each) => each !== '')) {
      const found = await fixture.insert({ title: `${text} and more`, clientId: 'b', accountId: 'c' })
      await expectOf(fixture, { ...pending, text }, at(3), [found.id])
    }
  },

  async 'list and count filter by the times of creation and of expiry'(fixture) {
    const [one, two] = [await fixture.insert({}, at(1)), await fixture.insert({}, at(2))]
    await expectOf(fixture, { createdAfter: at(1) }, at(3), [one.id, two.id])
    await expectOf(fixture, { createdAfter: at(1.001) }, at(3), [two.id])
    await expectOf(fixture, { createdBefore: at(2) }, at(3), [one.id])
    await expectOf(fixture, { createdAfter: at(1), createdBefore: at(2) }, at(3), [one.id])
    await expectOf(fixture, { expiresBefore: at(62) }, at(3), [one.id])
    await expectOf(fixture, { expiresBefore: at(61) }, at(3), [])
  },

  async 'list and count filter those past their due time, while they are pending'(fixture) {
    const due = await fixture.insert({ dueAt: at(20) })
    await fixture.insert({ dueAt: at(50) })
    await fixture.insert()
    await fixture.insert({ dueAt: at(20), status: 'denied', decision: {}, decidedAt: at(1) })
    const overdue: Filter = { ...pending, overdue: true }
    await expectOf(fixture, overdue, at(19.999), [])
    await expectOf(fixture, overdue, at(20), [due.id])
    await expectOf(fixture, { ...pending, overdue: false }, at(20), [due.id, ...(await others(due.id))])
    await expectOf(fixture, overdue, at(60), [])

    async function others(id: string): Promise<string[]> {
      const records = (await fixture.nodes[1]?.list({ ...pending, issuer: fixture.issuer, limit: 9 }, at(20))) ?? []
      return records.flatMap((record) => (record.id === id ? [] : [record.id]))
    }
  },

  async 'list and count take every filter together with others, in every order that it has'(fixture) {
    const records = await variousRecords(fixture)
    for (const filter of filters)
      for (const order of ordersOf(filter))
        for (const limit of [4, 100]) await expectInOrder(fixture, filter, { order, records, now: at(45), limit })
  },
}

/** The orders that a filter has. */
export function ordersOf({ status = [] }: Filter): ListOrder[] {
  const isPending = status.length === 1 && status[0] === 'pending'
  const isOpen = status.length > 0 && status.every((each) => each === 'pending' || each === 'approved')
  return ['newest', 'oldest', ...(isPending ? (['due'] as const) : []), ...(isOpen ? (['expiring'] as const) : [])]
}

/** Deferrals in every status, many of them with equal times. */
async function variousRecords({ nodes, insert }: Fixture): Promise<Stored[]> {
  const decided = { decision: { by: 'kim' }, decidedAt: at(1) }
  const states = [
    ...[{}, {}, {}, {}],
    { status: 'approved', ...decided },
    { status: 'denied', ...decided },
    { status: 'redeemed', ...decided, redeemedAt: at(2) },
    { status: 'cancelled', cancelledAt: at(1) },
  ]
  const made = Array.from({ length: 32 }, async (_, nth) => {
    const members = {
      ...states[nth % states.length],
      clientId: nth % 3 ? 'one' : 'two',
      accountId: nth % 2 ? 'mary' : 'john',
      ...(nth % 4 !== 3 && { queue: nth % 4 ? 'a' : 'b' }),
      ...(nth % 5 > 1 && { dueAt: at(nth % 5 === 2 ? 20 : 40) }),
      ...(nth % 3 === 1 && { title: 'Pay' }),
      expiresAt: at(nth % 7 ? 58 + (nth % 3) : 30),
    }
    const before = await insert(members, at(Math.floor(nth / 6)))
    if (nth % 4 > 1) return before
    const assignee = { to: 'robin', at: at(6), until: at(nth % 8 > 3 ? 20 : 50) }
    return (await nodes[0]?.swap(before, changeOf(before, { assignee }), newId(), at(6))) as Stored
  })
  return Promise.all(made)
}
