/* RFC 7240, 4.3: the provider holds a poll until there is a decision, if it offers that. */
import type { Configuration } from 'openid-client'
import { isPositive } from './deferral.js'

// longer than any provider, and short enough for every timer
const longest = 3600

/** The seconds for which the provider says that it holds a poll. */
export function offeredSeconds(config: Configuration): number {
  const { deferred_long_poll_seconds: seconds } = config.serverMetadata()
  return isPositive(seconds) ? Number(seconds) : 0
}

/** Runs polls that the provider holds. */
export interface Hold {
  /** Runs a poll that asks to be held for so many seconds. */
  run<T>(poll: (seconds: number) => Promise<T>): Promise<T>
}

/**
 * Polls that the provider holds for at most so many seconds. A proxy on the way may end a request that takes long. After such a
 * failure the next polls ask for half the time, in the end for none.
 */
export function createHold(most: number): Hold {
  let seconds = Math.floor(Math.min(most, longest))
  return {
    async run(poll) {
      const start = Date.now()
      try {
        return await poll(seconds)
      } catch (error) {
        // a provider that is down fails at once
        if (Date.now() - start >= 1000) seconds = Math.floor(seconds / 2)
        throw error
      }
    },
  }
}
