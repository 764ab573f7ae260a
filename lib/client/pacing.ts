import { type Deferral, now } from './deferral.js'
import { isAnswerLost, retryAfterOf } from './faults.js'
import type { Pending } from './poll.js'

const longestPause = 300
const patience = 60

/** When to poll next, from all answers so far. */
export interface Pacing {
  /** Seconds to wait after a pending answer. */
  afterPending(answer: Pending): number
  /** Seconds to wait after a poll that failed without a decision; undefined: give up. */
  afterFault(error: unknown): number | undefined
  /** The error of a poll since the last pending answer that may have lost the answer with the tokens. */
  lostAnswer(): unknown
}

/**
 * Waits as long as the provider says. Each `slow_down` adds five seconds to the interval (RFC 8628, 3.5). Faults have pauses that
 * double, and differ at random, so that many clients do not come back at once. They end a minute after the deferral has expired,
 * and not before a minute of them.
 */
export function createPacing({ interval, expiresAt }: Deferral): Pacing {
  let leastPause = 1
  let faults = 0
  let failingSince = 0
  let lostAnswer: unknown
  return {
    afterPending(answer) {
      faults = 0
      lostAnswer = undefined
      if (answer.status === 'slow_down') leastPause = Math.max(leastPause, interval) + 5
      // an absurd Retry-After must not sleep through the life of the deferral
      const longest = Math.max(expiresAt - interval - now(), longestPause, interval)
      return Math.max(Math.min(answer.retryAfter, longest), leastPause)
    },
    afterFault(error) {
      if (faults === 0) failingSince = now()
      if (isAnswerLost(error)) lostAnswer ??= error
      const rest = Math.max(expiresAt, failingSince) + patience - now()
      if (rest <= 0) return undefined
      const backoff = Math.min(interval * 2 ** faults++, longestPause) * (0.75 + Math.random() / 2)
      return Math.min(Math.max(retryAfterOf(error) ?? backoff, 1), rest)
    },
    lostAnswer: () => lostAnswer,
  }
}
