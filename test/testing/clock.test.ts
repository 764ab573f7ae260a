import { memoryStore, runningClock, testClock } from 'oidc-provider-deferred/testing'
import { expect, test } from 'vitest'

test.each([
  ['a text', '2030-01-01'],
  ['a number', 0],
  ['null', null],
  ['an invalid Date', new Date('never')],
])('testClock refuses a start that is no valid Date: %s', (_name, start) => {
  expect(() => testClock(start as never)).toThrow(
    new TypeError("testClock: start must be a valid Date such as new Date('2030-01-01')"),
  )
})

test.each([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['a number that leads to no valid Date', 1e300],
  ['a text', '60'],
  ['undefined', undefined],
])('no clock is moved by %s', (_name, seconds) => {
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
