import { DeferralExpired, DeferralGone, type Pending, type WaitOptions, wait } from 'oidc-provider-deferred/client'
import { Response as Undici } from 'undici'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cutAnswer, failure, granted, page, pending, type Scripted, scripted, scriptedDeferral } from './scripted.js'

const week = 7 * 24 * 60 * 60

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: new Date('2026-01-01T00:00:00Z') })
  // no jitter
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Waits in virtual time. Resolves to the times of the polls, and to what came of it. */
async function waited(
  answer: (n: number) => Scripted | Promise<Scripted>,
  {
    seconds = 3600,
    deferral = scriptedDeferral(),
    ...options
  }: WaitOptions & { seconds?: number; deferral?: ReturnType<typeof scriptedDeferral> } = {},
) {
  const { config, polls } = scripted(answer)
  let outcome: unknown
  const over = wait(config, deferral, options).then(
    (tokens) => {
      outcome = tokens
    },
    (error) => {
      outcome = error
    },
  )
  await vi.advanceTimersByTimeAsync(seconds * 1000)
  return { polls, outcome, over }
}

const last =
  (count: number, answer: (n: number) => Scripted, end: () => Scripted = granted) =>
  (n: number) =>
    n < count ? answer(n) : end()

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

describe('faults are never the end', () => {
  const faults: [string, () => Scripted][] = [
    ['a network that fails', () => new TypeError('fetch failed')],
    ['a fetch of the caller that fails', () => new Error('ECONNRESET')],
    ['a request that takes too long', () => new DOMException('timed out', 'TimeoutError')],
    ['a request that is cut off', () => new DOMException('aborted', 'AbortError')],
    ['a 500', () => failure('server_error', { status: 500 })],
    ['an HTML 502', () => page(502)],
    ['an HTML 403', () => page(403)],
    [
      'a 400 that was cut',
      () => new Response('{"err', { status: 400, headers: { 'content-type': 'application/json' } }),
    ],
    ['a 200 that was cut', cutAnswer],
    ['an HTML 200', () => page(200)],
    ['a 429', () => failure('too_many_requests', { status: 429 })],
    ['a nonce that is old again', () => failure('use_dpop_nonce')],
    ['a challenge with a 503', () => page(503, { 'www-authenticate': 'Basic realm="proxy"' })],
    ['a server_error with a 400', () => failure('server_error')],
  ]

  test.each(faults)('%s: growing pauses, from the interval to five minutes', async (_, fault) => {
    const { polls, outcome } = await waited(last(10, fault))
    expect(polls).toEqual([0, 5, 15, 35, 75, 155, 315, 615, 915, 1215])
    expect(outcome).toMatchObject({ access_token: 'a token' })
  })

  test('the pauses differ by a quarter, so that clients do not come back all at once', async () => {
    vi.mocked(Math.random).mockReturnValueOnce(0).mockReturnValueOnce(1)
    expect((await waited(last(3, () => page(502)))).polls).toEqual([0, 3.75, 16.25])
  })

  test.each([
    ['503', () => page(503, { 'retry-after': '30' })],
    [
      '503, a date',
      () => page(503, { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }),
    ],
    ['429', () => failure('too_many_requests', { status: 429, headers: { 'retry-after': '30' } })],
    [
      '503 of another fetch',
      () => new Undici(null, { status: 503, headers: { 'retry-after': '30' } }) as object as Response,
    ],
  ])('%s with Retry-After', async (_, fault) => {
    expect((await waited(last(3, fault))).polls).toEqual([0, 30, 60])
  })

  test('a pending answer ends them', async () => {
    const answers = (n: number) => ([1, 2, 4].includes(n) ? page(502) : pending())
    expect((await waited(last(6, answers))).polls).toEqual([0, 5, 15, 20, 25, 30])
  })

  test('an answer that was lost: the next poll says that the tokens are gone', async () => {
    for (const lost of [cutAnswer, () => new TypeError('fetch failed'), () => page(504)]) {
      const { polls, outcome } = await waited(last(2, lost, () => failure('invalid_grant')))
      expect(polls).toEqual([0, 5])
      expect(outcome).toBeInstanceOf(DeferralGone)
      expect(outcome).toMatchObject({ answerLost: true, cause: expect.any(Error) })
    }
  })

  test('no answer was lost where the provider answered afterwards, or was not reached', async () => {
    const then = (answers: Scripted[]) =>
      last(
        answers.length + 1,
        (n) => answers[n - 1]!,
        () => failure('invalid_grant'),
      )
    for (const answers of [[cutAnswer(), pending()], [page(503)], [failure('too_many', { status: 429 })], []]) {
      const { outcome } = await waited(then(answers))
      expect(outcome).toMatchObject({ name: 'DeferralGone', answerLost: false })
    }
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

  test('what it throws ends the wait, a TypeError, too', async () => {
    const onPending = () => {
      throw new TypeError('of the caller')
    }
    const { polls, outcome } = await waited(() => pending(), { onPending })
    expect(outcome).toMatchObject({ message: 'of the caller' })
    expect(polls).toEqual([0])
  })
})
