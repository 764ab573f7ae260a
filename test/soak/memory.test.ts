import { expect, test } from 'vitest'
import { growthOf, type Sample } from './memory.js'

const every = (rssAt: (at: number) => number): Sample[] =>
  Array.from({ length: 120 }, (_, index) => ({ number: 0, at: index * 60, rss: rssAt(index * 60) }))

test('a leak is seen as its growth after the warm-up', () => {
  const { growth } = growthOf(
    every((at) => at * 10),
    900,
    'rss',
  )
  expect(growth).toBeGreaterThan(0.85 * 10 * (119 * 60 - 900))
})

test('memory that grows during the warm-up only has no growth', () => {
  expect(
    growthOf(
      every((at) => Math.min(at, 900)),
      900,
      'rss',
    ),
  ).toEqual({ first: 900, last: 900, growth: 0 })
})

test('a peak of one moment is no growth', () => {
  expect(
    growthOf(
      every((at) => (at === 119 * 60 ? 1e9 : 100)),
      900,
      'rss',
    ).growth,
  ).toBe(0)
})

test('samples without a heap are left out of its growth', () => {
  const samples = [
    ...every(() => 5),
    { number: 0, at: 1000, rss: 5, heap: 1 },
    { number: 0, at: 2000, rss: 5, heap: 3 },
  ]
  expect(growthOf(samples, 900, 'heap')).toEqual({ first: 1, last: 3, growth: 2 })
})
