import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPacing } from '../../lib/deferral/pacing.js'

const start = Date.parse('2026-01-01T00:00:00Z')
const days = 86_400

/** One node and one waiting deferral, polled as the token endpoint polls it; times in milliseconds from the start. */
function node({ interval = 5, lifetime = 30 * days } = {}) {
  const pacing = createPacing()
  const deferral = { id: 'id', clientId: 'client', interval, expiresAt: new Date(start + lifetime * 1000) }
  const self = {
    reads: [] as number[],
    poll(at: number): boolean {
      if (pacing.tooEarly('id', start + at)) return false
      self.reads.push(at)
      return pacing.admit(deferral, start + at)
    },
  }
  return self
}

const intervals = fc.integer({ min: 1, max: 600 })
const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 60 })

/** Polls after each gap, however hurried; resolves to the time of the last one and its answer. */
function abuse(poll: (at: number) => boolean, pauses: number[]): { at: number; accepted: boolean } {
  let at = 0
  let accepted = true
  for (const pause of pauses) {
    at += pause
    accepted = poll(at)
  }
  return { at, accepted }
}

describe('a single poll', () => {
  test('C35 the first one is free, however soon', () => {
    expect(node().poll(0)).toBe(true)
  })

  test.each([1, 5, 31, 600])('C36 C39 at an interval of %d s the second is on time after one interval', (interval) => {
    const { poll } = node({ interval })
    expect(poll(0)).toBe(true)
    expect(poll(interval * 1000)).toBe(true)
  })

  test.each([
    [5, 3999, false],
    [5, 4000, true],
    [31, 29_449, false],
    [31, 29_450, true],
    [600, 569_999, false],
    [600, 570_000, true],
    [1, 0, true],
  ])('O-072 C37 at an interval of %d s one after %d ms is on time: %s', (interval, after, expected) => {
    const { poll } = node({ interval })
    poll(0)
    expect(poll(after)).toBe(expected)
  })
})

describe('patience', () => {
  test('O-072 C38 whoever waits interval + 5 s after a refusal is never refused again', () => {
    fc.assert(
      fc.property(intervals, gaps, (interval, pauses) => {
        const { poll } = node({ interval })
        const { at } = abuse(poll, pauses)
        expect(poll(at + (interval + 5) * 1000)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('O-072 a client that adds 5 s for each slow_down never gets two in a row', () => {
    fc.assert(
      fc.property(intervals, fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 200 }), (interval, latencies) => {
        const { poll } = node({ interval })
        let [at, wait, refusals] = [0, 500, 0]
        for (const latency of latencies) {
          at += wait
          const accepted = poll(at + latency)
          refusals = accepted ? 0 : refusals + 1
          expect(refusals).toBeLessThan(2)
          wait = accepted ? interval * 1000 : (interval + 5) * 1000
        }
      }),
      { numRuns: 300 },
    )
  })

  test.each([1, 5, 31, 600])(
    'E-48 at a fixed cadence of %d s with 0-500 ms latency 10,000 polls meet no refusal',
    (interval) => {
      const { poll } = node({ interval, lifetime: 365 * days })
      let seed = 1
      const latency = () => {
        seed = (seed * 48_271) % 2_147_483_647
        return seed % 501
      }
      const refused = Array.from({ length: 10_000 }, (_, n) => poll(n * interval * 1000 + latency())).filter(
        (ok) => !ok,
      )
      expect(refused).toHaveLength(0)
    },
  )

  test('E-48 refusals never move the stamp: a client in a hurry is still answered once an interval', () => {
    const { poll } = node()
    const accepted = Array.from({ length: 6000 }, (_, n) => poll(n * 100)).filter(Boolean)
    // 600 s: one on every fourth second, which is the interval less the tolerance
    expect(accepted).toHaveLength(150)
  })
})

describe('cost', () => {
  test('E-47 hurried polls read at most once a second', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 300 }), (pauses) => {
        const { poll, reads } = node()
        abuse(poll, pauses)
        const gapsBetween = reads.slice(1).map((at, index) => at - (reads[index] as number))
        expect(gapsBetween.every((gap) => gap > 1000)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('what was read as pending more than a second ago is not refused unread', () => {
    const pacing = createPacing()
    const deferral = { id: 'id', clientId: 'client', interval: 60, expiresAt: new Date(start + days * 1000) }
    pacing.admit(deferral, start)
    expect(pacing.tooEarly('id', start + 1000)).toEqual(deferral)
    expect(pacing.tooEarly('id', start + 1001)).toBeUndefined()
    expect(pacing.tooEarly('another', start)).toBeUndefined()
  })

  test('what is no longer pending is forgotten at once', () => {
    const pacing = createPacing()
    pacing.admit({ id: 'id', clientId: 'client', interval: 60, expiresAt: new Date(start + days * 1000) }, start)
    pacing.forget('id')
    expect(pacing.tooEarly('id', start)).toBeUndefined()
  })

  test('no more deferrals are remembered than there is room for, the least recently polled one goes first', () => {
    const pacing = createPacing(2)
    const poll = (id: string) =>
      pacing.admit({ id, clientId: 'client', interval: 60, expiresAt: new Date(start + days * 1000) }, start)
    for (const id of ['a', 'b', 'a', 'c']) poll(id)
    expect(['a', 'b', 'c'].map((id) => pacing.tooEarly(id, start) !== undefined)).toEqual([true, false, true])
  })
})

describe('C49 close to expiry', () => {
  test('one early poll is answered on its merits, a second one is not', () => {
    const { poll } = node({ lifetime: 12 })
    expect([0, 5000, 7500, 8000, 10_500].map((at) => poll(at))).toEqual([true, true, true, false, false])
  })

  test('no early poll is while there is more than an interval left', () => {
    const { poll } = node({ lifetime: 60 })
    expect([0, 2000].map((at) => poll(at))).toEqual([true, false])
  })
})
