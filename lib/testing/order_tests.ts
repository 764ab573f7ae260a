import assert from 'node:assert/strict'
import { newId } from '../deferral/handle.js'
import { compare, listOrders, positionOf } from '../deferral/listing.js'
import type { DeferralStore, Stored } from '../deferral/store.js'
import { assertSame, at, changeOf, start, type Tests } from './fixture.js'
import { expectInOrder, idsOf, inOrder } from './listed.js'

const status: ['pending'] = ['pending']

/** The contract of the orders of `list`, and of `stats`. */
export const orderTests: Tests = {
  async 'list comes in every order, page by page, also if times are equal or absent'(fixture) {
    const dues = [30, undefined, 20, 30, undefined, 30, 20, undefined]
    const records: Stored[] = []
    for (const [nth, due] of dues.entries()) {
      const members = { ...(due !== undefined && { dueAt: at(due) }), expiresAt: at(50 + (nth % 3)) }
      records.push(await fixture.insert(members, at(nth % 2)))
    }
    for (const order of listOrders)
      for (const limit of [1, 3, 8, 9]) await expectInOrder(fixture, { status }, { order, records, now: at(9), limit })
  },

  async 'the order due is earliest first, and those without a due time come last'({ nodes, issuer, insert }) {
    const [none, late, early] = [await insert(), await insert({ dueAt: at(40) }), await insert({ dueAt: at(20) })]
    const query = { issuer, order: 'due', status, limit: 9 } as const
    assertSame(idsOf(await nodes[1]?.list(query, at(3))), idsOf([early, late, none]), 'by due time')
    const swapped = await nodes[0]?.swap(none, changeOf(none, { dueAt: at(10) }), newId(), at(3))
    assertSame(idsOf(await nodes[1]?.list(query, at(3))), idsOf([swapped as Stored, early, late]), 'after a change')
    await nodes[0]?.swap(early, changeOf(early, { dueAt: undefined }), newId(), at(3))
    assertSame(idsOf(await nodes[1]?.list(query, at(3))), idsOf([none, late, early]), 'after a removal')
  },

  async 'list loses and doubles nothing while others come and go'({ nodes, issuer, insert }) {
    const reader = nodes[1] as DeferralStore
    for (const order of listOrders) {
      const queue = order
      const add = (nth: number) => insert({ queue, dueAt: at(20 + nth), expiresAt: at(50 + nth) }, at(nth / 10))
      const first = []
      for (let nth = 1; nth <= 9; nth++) first.push(await add(nth))
      const query = { issuer, queue, order, status, limit: 3 } as const
      const read = await reader.list(query, at(3))
      const [gone, , last] = read as [Stored, Stored, Stored]
      const [hidden] = first.filter(({ id }) => !idsOf(read).includes(id)) as [Stored]
      for (const leaving of [gone, last, hidden]) await deny(leaving)
      for (const nth of [0, 4.5, 10]) first.push(await add(nth))
      const rest = await reader.list({ ...query, limit: 100, after: positionOf(last, order) }, at(3))
      const isNext = (record: Stored) => compare(order, positionOf(record, order), positionOf(last, order)) > 0
      const expected = inOrder(
        first.filter((record) => isNext(record) && record.id !== hidden.id),
        order,
      )
      assertSame(idsOf(rest), idsOf(expected), `the rest in the order ${order}`)
    }

    async function deny(record: Stored): Promise<void> {
      const change = changeOf(record, { status: 'denied', decision: {}, decidedAt: at(2) })
      assert(await nodes[0]?.swap(record, change, newId(), at(2)))
    }
  },

  async 'list returns each record with its history if it is asked to, in every order'({ nodes, issuer, insert, find }) {
    const before = await insert()
    await nodes[0]?.swap(before, changeOf(before, { progress: { step: '$review' } }), newId(), at(1))
    const record = await find(before.id, at(3))
    const history = await nodes[1]?.history(before.id)
    assert.equal(history?.length, 2)
    for (const order of listOrders) {
      const query = { issuer, order, status, limit: 5 }
      assertSame(
        await nodes[1]?.list({ ...query, history: true }, at(3)),
        [{ ...record, history }],
        `with it, ${order}`,
      )
      assertSame(await nodes[1]?.list(query, at(3)), [record], `without it, ${order}`)
    }
  },

  async 'stats has one row for each queue with pending deferrals'({ nodes, issuer, insert }) {
    const stats = async (seconds: number) => {
      const rows = (await nodes[1]?.stats({ issuer }, at(seconds))) ?? []
      return Object.fromEntries(rows.map(({ queue, ...row }) => [queue ?? 'none', row]))
    }
    assertSame(await stats(3), {}, 'nothing is pending')
    const decided = { decision: {}, decidedAt: at(1) }
    await insert({ queue: 'a', dueAt: at(20) }, at(1))
    await insert({ queue: 'a', dueAt: at(30), expiresAt: at(40) })
    const first = await insert({ queue: '$b' })
    await insert({ dueAt: at(20) }, at(2))
    await insert({ dueAt: at(10), expiresAt: at(35) })
    await insert({ expiresAt: at(35) })
    await insert({ queue: 'c', dueAt: at(20), status: 'approved', ...decided })
    await insert({ queue: 'c', dueAt: at(20), status: 'denied', ...decided })
    await insert({ queue: 'd', issuer: `${issuer}/` })
    const b = { pending: 1, overdue: 0, oldestPendingAt: start }
    const none = { pending: 3, overdue: 0, oldestPendingAt: start }
    assertSame(
      await stats(3),
      { a: { pending: 2, overdue: 0, oldestPendingAt: start }, $b: b, none },
      'before due times',
    )
    const late = { pending: 1, overdue: 1, oldestPendingAt: at(2) }
    assertSame(await stats(35), { a: { pending: 2, overdue: 2, oldestPendingAt: start }, $b: b, none: late }, 'overdue')
    const a = { pending: 1, overdue: 1, oldestPendingAt: at(1) }
    assertSame(await stats(40), { a, $b: b, none: late }, 'one has expired')
    await nodes[0]?.swap(first, changeOf(first, { status: 'denied', ...decided }), newId(), at(3))
    assertSame(await stats(40), { a, none: late }, 'one is decided')
    assertSame(await stats(62), {}, 'all have expired')
  },
}
