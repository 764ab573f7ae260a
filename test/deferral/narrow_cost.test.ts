import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../lib/deferral/deferral.js'
import { beyond } from '../../lib/deferral/json.js'
import { beyondDetails, detailsLeft, type Narrowing } from '../../lib/deferral/narrow.js'

const payments = (count: number, amount = (nth: number) => nth) =>
  Array.from({ length: count }, (_, nth): JsonObject => ({ type: 'payment', amount: amount(nth) }))

/** The same entries, and how often their members are read. */
function counted(entries: JsonObject[]): { entries: JsonObject[]; reads: () => number } {
  let reads = 0
  const get = (target: JsonObject, name: string) => {
    reads++
    return target[name]
  }
  return { entries: entries.map((entry) => new Proxy(entry, { get } as ProxyHandler<JsonObject>)), reads: () => reads }
}

type Compare = (some: JsonObject[], others: JsonObject[]) => JsonObject[]
const compare: [string, Compare][] = [
  ['scopes and resources', beyond],
  ['details', (granted, requested) => beyondDetails(granted, requested, {})],
  ['details with a rule', (granted, requested) => beyondDetails(granted, requested, { payment: () => false })],
  ['details of a token request', (requested, granted) => detailsLeft(requested, granted, {})],
]
const orders: [string, (count: number) => [JsonObject[], JsonObject[]]][] = [
  ['all equal', (count) => [payments(count, () => 1), payments(count, () => 1)]],
  ['in reverse order', (count) => [payments(count), payments(count).reverse()]],
  ['with nothing in common', (count) => [payments(count), payments(count, (nth) => -1 - nth)]],
]

describe.each(compare)('comparing %s', (name, within) => {
  test.each(orders.filter(([order]) => !name.includes('rule') || order !== 'with nothing in common'))(
    'costs twice as much for twice as many, %s',
    (_order, lists) => {
      const cost = (count: number) => {
        const [some, others] = lists(count).map(counted) as [ReturnType<typeof counted>, ReturnType<typeof counted>]
        within(some.entries, others.entries)
        return some.reads() + others.reads()
      }
      expect(cost(400)).toBeLessThanOrEqual(2 * cost(200))
    },
  )
})

describe('a rule', () => {
  let asked = 0
  const rules: Narrowing = {
    payment(requested, granted) {
      asked++
      return Number(granted.amount) <= Number(requested.amount)
    },
  }

  test('is asked about each with each at most once, and not at all where all are equal', () => {
    asked = 0
    expect(beyondDetails(payments(256), payments(256).reverse(), rules)).toEqual([])
    expect(asked).toBe(0)
    beyondDetails(
      payments(256, (nth) => 2 * nth + 1),
      payments(256, (nth) => 2 * nth),
      rules,
    )
    expect(asked).toBeLessThanOrEqual(256 * 256)
  })

  test('is not asked about more than 256 entries; whole ones may be granted all the same', () => {
    expect(beyondDetails(payments(257), payments(257).reverse(), rules)).toEqual([])
    const less = () => beyondDetails([{ type: 'payment', amount: 0.5 }], payments(257), rules)
    expect(less).toThrow(RangeError)
    expect(less).toThrow(/256 entries of type payment/)
  })
})
