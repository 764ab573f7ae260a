import { DeferralExpired, type Pending } from 'oidc-provider-deferred/client'
import { describe, expect, test, vi } from 'vitest'
import { failure, page, pending, scriptedDeferral } from './scripted.js'
import { last, useVirtualTime, waited } from './virtual_time.js'

const week = 7 * 24 * 60 * 60

useVirtualTime()

describe('the schedule', () => {
  test('at once, and then every interval', async () => {
    const { polls, outcome } = await waited(last(4, () => pending()))
    expect(polls).toEqual([0, 5, 10, 15])
    expect(outcome).toMatchObject({ access_token: 'a token' })
  })

  test('Retry-After in the place of the interval, in seconds and as a date', async () => {
    const dates = { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }
    const { polls } = await waited(last(3, (n) => pending(n === 1 ? { 'retry-after': '2' } : dates)))
    expect(polls).toEqual([0, 2, 32])
  })

  test('a date counts from the date of the answer: the clock of this machine may be wrong', async () => {
    vi.setSystemTime(new Date('2026-01-01T05:00:00Z'))
    const dates = { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }
    expect((await waited(last(2, () => pending(dates)))).polls).toEqual([0, 30])
  })

  test('a date without the date of the answer counts by the clock of this machine', async () => {
    const headers = { 'retry-after': 'Thu, 01 Jan 2026 00:00:20 GMT' }
    expect((await waited(last(2, () => pending(headers)))).polls).toEqual([0, 20])
  })

  test.each(['', 'soon', 'Thu, 01 Jan 1970 00:00:00 GMT', '-5'])('Retry-After %j means nothing', async (value) => {
    expect((await waited(last(2, () => pending({ 'retry-after': value })))).polls).toEqual([0, 5])
  })

  test('Retry-After 0 is no endless loop', async () => {
    expect((await waited(last(3, () => pending({ 'retry-after': '0' })))).polls).toEqual([0, 1, 2])
  })

  test('I-073 each slow_down adds five seconds, for all polls that follow', async () => {
    const answers = (n: number) => ([2, 4].includes(n) ? failure('slow_down') : pending({ 'retry-after': '5' }))
    expect((await waited(last(7, answers))).polls).toEqual([0, 5, 15, 25, 40, 55, 70])
  })

  test('slow_down with a longer Retry-After', async () => {
    const answers = () => failure('slow_down', { headers: { 'retry-after': '60' } })
    expect((await waited(last(3, answers))).polls).toEqual([0, 60, 120])
  })

  test('over a week, exact to the second, with slow_down every hundred polls', async () => {
    const answers = (n: number) => (n % 100 === 0 ? failure('slow_down') : pending())
    const deferral = scriptedDeferral({ interval: 600, expiresAt: Date.now() / 1000 + week })
    const { polls, outcome } = await waited(last(960, answers), { deferral, seconds: week })
    let at = 0
    const expected = polls.map((_, index) => {
      if (index > 0) at += 600 + 5 * Math.floor(index / 100)
      return at
    })
    expect(polls).toEqual(expected)
    expect(polls).toHaveLength(960)
    expect(polls.at(-1)).toBeGreaterThan(week - 86_400)
    expect(outcome).toMatchObject({ access_token: 'a token' })
  })

  test.each(['1000000000', '9'.repeat(400), 'Fri, 31 Dec 9999 00:00:00 GMT'])(
    'Retry-After %s does not sleep through the life of the deferral',
    async (value) => {
      const { polls, outcome } = await waited(
        last(2, () => pending({ 'retry-after': value })),
        {
          deferral: scriptedDeferral({ expiresAt: Date.now() / 1000 + 1800 }),
        },
      )
      expect(polls).toEqual([0, 1795])
      expect(outcome).toMatchObject({ access_token: 'a token' })
    },
  )

  test('pauses and lifetimes beyond what setTimeout takes', async () => {
    const longest = 2 ** 31 / 1000
    const interval = 3_000_000
    expect(interval).toBeGreaterThan(longest)
    const deferral = scriptedDeferral({ interval, expiresAt: Date.now() / 1000 + 10 * longest })
    const { polls } = await waited(
      last(3, () => pending()),
      { deferral, seconds: 3 * interval },
    )
    expect(polls).toEqual([0, interval, 2 * interval])
  })
})

describe('the end', () => {
  const expiresIn = (seconds: number) => scriptedDeferral({ expiresAt: Date.now() / 1000 + seconds })

  test('nobody answers: given up a minute after the deferral has expired, whatever Retry-After says', async () => {
    const { polls, outcome } = await waited(() => page(503, { 'retry-after': '99999999' }), {
      deferral: expiresIn(100),
    })
    expect(polls).toEqual([0, 160])
    expect(outcome).toBeInstanceOf(DeferralExpired)
    expect(outcome).toMatchObject({ cause: { cause: { status: 503 } } })
  })

  test('the provider has the last word: a reviewer may have extended it', async () => {
    const { polls, outcome } = await waited(
      last(
        100,
        () => pending(),
        () => failure('expired_token'),
      ),
      { deferral: expiresIn(10) },
    )
    expect(polls.at(-1)).toBe(495)
    expect(outcome).toBeInstanceOf(DeferralExpired)
  })

  test('one fault after the expiry is not the end', async () => {
    const answers = (n: number) => (n % 2 ? page(502) : pending())
    const { outcome } = await waited(last(50, answers), { deferral: expiresIn(-week) })
    expect(outcome).toMatchObject({ access_token: 'a token' })
  })

  test('expired long ago, and nobody answers: a minute', async () => {
    const { polls, outcome } = await waited(() => new TypeError('fetch failed'), { deferral: expiresIn(-week) })
    expect(polls).toEqual([0, 5, 15, 35, 60])
    expect(outcome).toBeInstanceOf(DeferralExpired)
  })
})

describe('what the caller sees', () => {
  test('each pending answer, and no slow_down', async () => {
    const seen: Pending[] = []
    const answers = [
      pending(),
      failure('slow_down'),
      failure('interaction_required', { interaction_uri: 'https://op.example' }),
    ]
    await waited(
      last(4, (n) => answers[n - 1]!),
      { onPending: (answer) => seen.push(answer) },
    )
    expect(seen).toEqual([
      { status: 'pending', retryAfter: 5 },
      { status: 'interaction_required', retryAfter: 5, interactionUri: 'https://op.example' },
    ])
  })

  test('the wait ends where it rejects, and nothing is left unhandled', async () => {
    const onPending = () => Promise.reject(new Error('of the caller'))
    const { polls, outcome } = await waited(() => pending(), { onPending })
    expect(outcome).toMatchObject({ message: 'of the caller' })
    expect(polls).toEqual([0])
  })

  test('what it throws ends the wait, a TypeError, too', async () => {
    const onPending = () => {
      throw new TypeError('of the caller')
    }
    const { polls, outcome } = await waited(() => pending(), { onPending })
    expect(outcome).toMatchObject({ message: 'of the caller' })
    expect(polls).toEqual([0])
  })
})
