import { memoryStore, runningClock, testClock } from 'oidc-provider-deferred/testing'
import { expect, test } from 'vitest'

test.each(['2030-01-01', 0, null, new Date('never')])('testClock refuses a start that is no Date: %j', (start) => {
  expect(() => testClock(start as never)).toThrow(
    new TypeError("testClock: start must be a valid Date such as new Date('2030-01-01')"),
  )
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300, '60', undefined])('no clock is moved by %j', (seconds) => {
  for (const clock of [testClock(), runningClock()]) {
    const refusal = new TypeError('advance: seconds must be a number such as 60, and lead to a valid Date')
    expect(() => clock.advance(seconds as never)).toThrow(refusal)
    expect(clock.now().getTime()).toBeGreaterThan(Date.now() - 60_000)
  }
})

test('a clock is moved by seconds, and back', () => {
  const clock = testClock(new Date(0))
  clock.advance(60)
  clock.advance(-0.5)
  expect(clock.now().getTime()).toBe(59_500)
})

test('memoryStore refuses a member that it does not know', () => {
  expect(() => memoryStore({ clok: testClock() } as never)).toThrow(
    'memoryStore: clok is not an option, use one of clock',
  )
})
