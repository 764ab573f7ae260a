import { DeferralGone } from 'oidc-provider-deferred/client'
import { Response as Undici } from 'undici'
import { describe, expect, test, vi } from 'vitest'
import { cutAnswer, failure, page, pending, type Scripted } from './scripted.js'
import { last, useVirtualTime, waited } from './virtual_time.js'

useVirtualTime()

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
