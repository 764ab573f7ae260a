/** A clock for tests. `now` is for the option `now` of the plugin. */
export interface TestClock {
  /** the time of the clock */
  now: () => Date
  /** Moves the clock forward. */
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
  let time = start.getTime()
  return {
    now: () => new Date(time),
    advance(seconds) {
      time += seconds * 1000
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
      ahead += seconds * 1000
    },
  }
}
