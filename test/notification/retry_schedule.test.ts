import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { retryAfterSeconds } from '../../lib/notification/delivery.js'
import { delayAfter, delays } from '../../lib/notification/retry_schedule.js'
import type { TestProvider } from '../support/provider.js'
import { answering, until } from '../support/receiver.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

const hour = 3600
/** Seconds after each attempt, as it was promised, not as it is written down. */
const promised = [5, 30, 120, 600, 1800, 2 * hour, 5 * hour, 10 * hour]
const longest = 10 * hour
const expected = (attempt: number) => promised[attempt - 1] ?? longest

const seed = Number(process.env.RACE_SEED ?? Date.now() % 2 ** 31)
process.stderr.write(`schedule: seed ${seed}\n`)
const parameters = { seed, numRuns: 100 }

const attempts = fc.integer({ min: 1, max: 60 })
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const now = new Date('2026-01-01T00:00:00Z')

describe('the pause after an attempt', () => {
  test('C-O21 is 5 s, 30 s, 2 m, 10 m, 30 m, 2 h, 5 h, 10 h, and 10 h from then on', () => {
    expect(delays).toEqual(promised)
    expect(Array.from({ length: 12 }, (_, nth) => delayAfter(nth + 1, 0, () => 0.5))).toEqual(
      [...promised, ...Array(4).fill(longest)].map((seconds) => expect.closeTo(seconds, 6)),
    )
  })

  test('is a fifth shorter or longer, at random', () => {
    fc.assert(
      fc.property(attempts, randoms, (attempt, random) => {
        const ratio = delayAfter(attempt, 0, () => random) / expected(attempt)
        expect(ratio).toBeCloseTo(0.8 + 0.4 * random, 9)
      }),
      parameters,
    )
    expect(new Set(Array.from({ length: 100 }, () => delayAfter(3))).size).toBeGreaterThan(90)
  })

  test('is as long as the receiver asks for, but never shorter than planned nor longer than ten hours and a fifth', () => {
    const asked = fc.oneof(fc.nat(100_000), fc.double({ min: 0, max: 1e300, noNaN: true }), fc.constant(Infinity))
    fc.assert(
      fc.property(attempts, asked, randoms, (attempt, retryAfter, random) => {
        const delay = delayAfter(attempt, retryAfter, () => random)
        const planned = delayAfter(attempt, 0, () => random)
        expect(delay).toBeGreaterThanOrEqual(planned)
        expect(delay).toBeLessThanOrEqual(longest * 1.2)
        if (retryAfter <= longest) expect(delay).toBe(Math.max(planned, retryAfter))
      }),
      parameters,
    )
  })
})

describe('Retry-After', () => {
  test('is seconds, or a date from which they are counted', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 9), (seconds) => {
        expect(retryAfterSeconds(String(seconds), now)).toBe(seconds)
        const date = new Date(now.getTime() + seconds * 1000).toUTCString()
        expect(retryAfterSeconds(date, now)).toBe(seconds)
      }),
      parameters,
    )
  })

  test('is understood with blanks around it, and in the older formats of dates', () => {
    const values = [
      ' \t60\t ',
      ' Thu, 01 Jan 2026 00:01:00 GMT ',
      'Thursday, 01-Jan-26 00:01:00 GMT',
      'Thu Jan  1 00:01:00 2026',
    ]
    for (const value of values) expect([value, retryAfterSeconds(value, now)]).toEqual([value, 60])
  })

  test.each([
    ['nothing', undefined],
    ['blank', ' \t '],
    ['seconds with a line break', '60\n'],
    ['seconds with a blank within', '6 0'],
    ['empty', ''],
    ['negative', '-5'],
    ['a fraction', '1.5'],
    ['a word', 'soon'],
    ['a date that is past', 'Fri, 31 Dec 1999 23:59:59 GMT'],
    ['a year that is past', '1 Jan 1970'],
    ['with an exponent', '1e9'],
    ['hexadecimal', '0x10'],
    ['a list', '5, 10'],
  ])('that is %s asks for nothing: %j', (_what, value) => {
    expect(retryAfterSeconds(value, now)).toBe(0)
  })

  test('whatever it is, the pause is a number within bounds', () => {
    const values = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.bigInt().map(String), fc.date().map(String))
    fc.assert(
      fc.property(attempts, values, (attempt, value) => {
        const delay = delayAfter(attempt, retryAfterSeconds(value, now))
        expect(delay).toBeGreaterThanOrEqual(expected(attempt) * 0.8)
        expect(delay).toBeLessThanOrEqual(longest * 1.2)
      }),
      parameters,
    )
  })
})

describe('through a provider', () => {
  let fleet: Fleet
  let op: TestProvider

  beforeAll(async () => {
    fleet = await startFleet(await stocks.memory())
    op = await fleet.start({ ttl: { deferral: 30 * 24 * hour } })
  })

  afterAll(() => fleet.close())

  /** Resolves when the n-th attempt at each of these is over. */
  async function over(ids: string[], attempt: number): Promise<void> {
    const isOver = async (id: string) => {
      const { attempts, status, due, attemptedAt } = await fleet.told(id)
      if (attempts !== attempt || !attemptedAt) return false
      // a lease is ten seconds, and no pause of the schedule is
      return status !== 'owed' || due?.getTime() !== attemptedAt.getTime() + 10_000
    }
    await until(async () => (await Promise.all(ids.map(isOver))).every(Boolean))
  }

  async function owed(count: number): Promise<string[]> {
    const begun = await Promise.all(Array.from({ length: count }, () => fleet.begin(op)))
    fleet.clock.advance(2)
    for (const { id } of begun) await op.provider.deferrals.approve(id)
    return begun.map(({ id }) => id)
  }

  test('C-O21 E-28 every attempt comes when it is due and not before, each with its number, all along the schedule', async () => {
    fleet.receiver.behave = answering(503)
    const ids = await owed(24)
    const ratios: number[] = []
    for (let attempt = 1; attempt <= 10; attempt++) {
      await over(ids, attempt)
      const dues: number[] = []
      for (const id of ids) {
        const { due, attemptedAt, ...rest } = await fleet.told(id)
        expect(rest).toMatchObject({ status: 'owed', attempts: attempt, answer: 503 })
        const pause = (due!.getTime() - attemptedAt!.getTime()) / 1000
        ratios.push(pause / expected(attempt))
        dues.push(due!.getTime())
        expect(fleet.heard(id)).toHaveLength(attempt)
        expect(fleet.heard(id).at(-1)?.headers).toMatchObject({
          'delivery-id': id,
          'delivery-attempt': String(attempt),
        })
      }
      fleet.clock.advance((Math.max(...dues) - fleet.clock.now().getTime()) / 1000)
    }
    expect(Math.min(...ratios)).toBeGreaterThanOrEqual(0.8)
    expect(Math.max(...ratios)).toBeLessThan(1.2)
    // and spread over the whole of it
    expect(Math.min(...ratios)).toBeLessThan(0.85)
    expect(Math.max(...ratios)).toBeGreaterThan(1.15)
    fleet.receiver.behave = answering(204)
    fleet.clock.advance(12 * hour)
    for (const id of ids) await fleet.settled(id, 'delivered')
  })

  test.each<[string, (id: string) => string, [number, number]]>([
    ['longer than planned', () => '600', [600, 600]],
    ['shorter than planned', () => '1', [4, 6]],
    ['a date', () => new Date(fleet.clock.now().getTime() + 900_000).toUTCString(), [895, 901]],
    ['absurd', () => '99999999999999999999999999', [longest, longest]],
    ['negative', () => '-600', [4, 6]],
    ['garbage', () => 'tomorrow, perhaps', [4, 6]],
  ])('a Retry-After that is %s has its due', async (_what, value, [least, most]) => {
    fleet.receiver.behave = answering(429, { 'retry-after': value('') })
    const [id] = (await owed(1)) as [string]
    await over([id], 1)
    const { due, attemptedAt } = await fleet.told(id)
    const pause = (due!.getTime() - attemptedAt!.getTime()) / 1000
    expect(pause).toBeGreaterThanOrEqual(least)
    expect(pause).toBeLessThanOrEqual(most)
  })

  test('I-100 the schedule ends where the deferral expires: nothing more is sent, and the notification is erased', async () => {
    fleet.receiver.behave = answering(503)
    const [soon, later] = [(await fleet.begin(op)).id, (await fleet.begin(op)).id]
    fleet.clock.advance(2)
    const events: string[] = []
    op.provider.on('deferral.notification_failed', ({ id }) => events.push(id))
    // the second attempt would come in 4 to 6 s
    await op.provider.deferrals.extend(soon, { expiresIn: 4 })
    await op.provider.deferrals.extend(later, { expiresIn: 7 })
    for (const id of [soon, later]) await op.provider.deferrals.approve(id)
    await over([soon, later], 1)
    expect((await fleet.told(soon)).due).toEqual((await fleet.record(soon)).expiresAt)
    expect(await fleet.told(later)).toMatchObject({ status: 'owed' })
    // nobody looked in time
    fleet.clock.advance(7)
    for (const id of [soon, later]) {
      const failed = await fleet.settled(id, 'failed')
      expect(failed).toMatchObject({ attempts: 1, answer: 503, reason: 'the endpoint answered 503' })
      expect(failed).not.toHaveProperty('sealed')
      await until(() => events.includes(id))
      expect(fleet.heard(id)).toHaveLength(1)
    }
  })
})
