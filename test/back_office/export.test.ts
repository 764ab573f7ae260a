import fc from 'fast-check'
import { type DeferralStore, type ExportQuery, memoryStore, type Reviewed } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { at } from '../../lib/testing/fixture.js'
import { describeMongo, useMongoStore } from '../support/database.js'
import { countingCalls, deferralsOf, membersOf, officeOn } from '../support/office.js'

const small = { context: undefined, source: {}, expiresIn: 500 }

/** Everything that an export yields; `each` is called after each. */
async function all(rows: AsyncIterable<Reviewed>, each: (nth: number) => Promise<unknown> = async () => {}) {
  const read: Reviewed[] = []
  for await (const row of rows) {
    read.push(row)
    await each(read.length)
  }
  return read
}

const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id)

/** An export of one issuer on a store that others use, too. */
function exports(storeOf: () => DeferralStore, runs: number): void {
  test('is every deferral with its history, oldest first, whatever its status', async () => {
    const { deferrals, insert, store } = await officeOn(storeOf(), 200)
    const ids: string[] = []
    for (const [nth, status] of ['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'pending'].entries()) {
      ids.push((await insert({ ...membersOf(status), expiresIn: status === 'denied' ? 1 : 500 }, at(nth))).id)
    }
    await (await officeOn(store)).insert()
    await deferrals.assign(ids[0] ?? '', { to: 'robin', by: 'kim' })
    const rows = await all(deferrals.export())
    expect(idsOf(rows)).toEqual(ids)
    expect(rows[0]?.history.map(({ event, by }) => [event, by])).toEqual([
      ['created', undefined],
      ['assigned', 'kim'],
    ])
    for (const row of rows) expect(row).toStrictEqual(await deferrals.get(row.id))
  })

  test('is limited by the times of creation', async () => {
    const { deferrals, insert } = await officeOn(storeOf(), 200)
    const ids: string[] = []
    for (const second of [0, 1, 2, 3]) ids.push((await insert(small, at(second))).id)
    const limits: [ExportQuery, string[]][] = [
      [{ createdAfter: at(1) }, ids.slice(1)],
      [{ createdBefore: at(2) }, ids.slice(0, 2)],
      [{ createdAfter: at(1), createdBefore: at(3) }, ids.slice(1, 3)],
      [{ createdAfter: at(4) }, []],
      [{ createdAfter: at(3), createdBefore: at(1) }, []],
    ]
    for (const [query, expected] of limits) expect(idsOf(await all(deferrals.export(query)))).toEqual(expected)
  })

  test('has a record that changes meanwhile once', async () => {
    const { deferrals, insert } = await officeOn(storeOf(), 200)
    const ids: string[] = []
    for (let nth = 0; nth < 150; nth++) ids.push((await insert(small, at(nth))).id)
    const rows = await all(deferrals.export(), async (nth) => {
      if (nth % 10 === 0) await deferrals.deny(ids[149 - nth / 10] ?? '')
      if (nth === 50) for (const id of ids.slice(45, 55)) await deferrals.comment(id, { by: 'kim', text: 'read' })
    })
    expect(idsOf(rows)).toEqual(ids)
  })

  test('has rows that appear while it runs once, beside or shortly before others, for a consumer of any speed', async () => {
    const arrival = fc.record({
      // seconds that pass before it, and by which its time of creation is behind
      pause: fc.constantFrom(0, 0, 0.001, 1, 4, 12, 30),
      late: fc.constantFrom(0, 0, 0.001, 3, 9),
    })
    await fc.assert(
      fc.asyncProperty(fc.nat(230), fc.array(arrival, { maxLength: 30 }), async (before, arrivals) => {
        const { deferrals, clock, insert } = await officeOn(storeOf(), 1000)
        const ids: string[] = []
        for (let nth = 0; nth < before; nth++) ids.push((await insert(small, at(991 + (nth % 9)))).id)
        const next = [...arrivals]
        const rows = await all(deferrals.export(), async (nth) => {
          if (nth % 7) return
          const { pause, late } = next.shift() ?? { pause: 1, late: -1 }
          clock.seconds += pause
          if (late >= 0) ids.push((await insert(small, at(clock.seconds - late))).id)
        })
        expect(idsOf(rows).sort()).toEqual(ids.sort())
      }),
      { numRuns: runs },
    )
  })
}

describe('in memory', () => {
  exports(memoryStore, 60)

  test('of 6,000 is read page by page, no page before it is needed', async () => {
    const { issuer, insert, store } = await officeOn(memoryStore())
    const rowCount = 6_000
    for (let nth = 0; nth < rowCount; nth++) await insert(small, at(nth / 1000))
    const counting = countingCalls(store)
    const deferrals = deferralsOf(counting.store, issuer, () => at(100))
    let rows = 0
    let last = at(0)
    for await (const { createdAt } of deferrals.export()) {
      expect(createdAt.getTime()).toBeGreaterThanOrEqual(last.getTime())
      last = createdAt
      expect(counting.calls.list).toBe(Math.floor(rows++ / 100) + 1)
    }
    expect(rows).toBe(rowCount)
    expect(counting.calls).toEqual({ list: 61 })
  })

  test.each([0, 1, 100, 101])('stops reading when the consumer stops after %d', async (wanted) => {
    const { issuer, insert, store } = await officeOn(memoryStore())
    for (let nth = 0; nth < 300; nth++) await insert(small, at(nth / 10))
    const counting = countingCalls(store)
    const deferrals = deferralsOf(counting.store, issuer, () => at(100))
    let rows = 0
    const exported = deferrals.export()
    if (wanted > 0) {
      for await (const _row of exported) {
        rows++
        if (rows === wanted) break
      }
    }
    expect(rows).toBe(wanted)
    expect(counting.calls.list ?? 0).toBe(Math.ceil(wanted / 100))
    expect(await exported.return()).toEqual({ done: true, value: undefined })
  })

  test('a fault of the store rejects, and ends it', async () => {
    const { issuer, insert, store } = await officeOn(memoryStore())
    for (let nth = 0; nth < 150; nth++) await insert(small, at(nth / 10))
    const failing: DeferralStore = {
      ...store,
      list: async (query, now) => {
        if (query.after) throw new Error('lost')
        return store.list(query, now)
      },
    }
    const exported = deferralsOf(failing, issuer, () => at(100)).export()
    let rows = 0
    const read = async () => {
      for await (const _row of exported) rows++
    }
    await expect(read()).rejects.toThrow('deferral store failed at list')
    expect(rows).toBe(100)
    expect(await exported.next()).toEqual({ done: true, value: undefined })
  })

  test.each<[unknown, string]>([
    [{ createdAfter: '2026-01-01' }, 'export: createdAfter must be a valid Date'],
    [{ createdBefore: new Date(Number.NaN) }, 'export: createdBefore must be a valid Date'],
    [{ status: 'pending' }, 'export: status is not an option, use one of createdAfter, createdBefore'],
    [JSON.parse('{"__proto__":1}'), 'export: __proto__ is not an option'],
    [null, 'export: the argument must be a plain object'],
    [[], 'export: the argument must be a plain object'],
  ])('%j is a TypeError at once', async (query, message) => {
    const { deferrals } = await officeOn(memoryStore())
    expect(() => deferrals.export(query as ExportQuery)).toThrow(TypeError)
    expect(() => deferrals.export(query as ExportQuery)).toThrow(message)
  })
})

describeMongo('on MongoDB', () => exports(useMongoStore(), 5))
