import { isValidDate, refuse } from '../deferral/shape.js'

/** A clock for tests. `now` is for the option `now` of the plugin. */
export interface TestClock {
  /** the time of the clock */
  now: () => Date
  /** Moves the clock by so many seconds; a negative number moves it back. Throws a `TypeError` if the result is no valid date. */
  advance(seconds: number): void
}

/**
 * A clock that stands still until it is moved. A day of waiting takes no time.
 *
 * ```ts
 * const clock = testClock()
 * const provider = new Provider(issuer, { features: { deferredTokenResponse: { now: clock.now } } })
 * clock.advance(86_400)
 * ```
 */
export function testClock(start: Date = new Date()): TestClock {
  if (!isValidDate(start)) refuse('testClock:', "start must be a valid Date such as new Date('2030-01-01')")
  let time = start.getTime()
  return {
    now: () => new Date(time),
    advance(seconds) {
      time += toMilliseconds(seconds, time)
    },
  }
}

/**
 * A clock that shows the real time until it is moved, and goes on from there. For clients that wait in real time.
 *
 * ```ts
 * const clock = runningClock()
 * clock.advance(3600)
 * ```
 */
export function runningClock(): TestClock {
  let ahead = 0
  return {
    now: () => new Date(Date.now() + ahead),
    advance(seconds) {
      ahead += toMilliseconds(seconds, Date.now() + ahead)
    },
  }
}

function toMilliseconds(seconds: number, time: number): number {
  if (typeof seconds === 'number' && isValidDate(new Date(time + seconds * 1000))) return seconds * 1000
  refuse('advance:', 'seconds must be a number such as 60, and lead to a valid Date')
}
