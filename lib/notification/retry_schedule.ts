const minute = 60
const hour = 60 * minute

/** Seconds from one attempt to the next. The last delay repeats until the deferral expires. */
export const delays: readonly number[] = [5, 30, 2 * minute, 10 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour]

const jitter = 0.2

/**
 * Seconds to wait after an attempt; the first attempt has number 1. The scheduled delay is varied by up to a fifth, so that
 * notifications that failed together do not return together. A longer `Retry-After` counts, up to the longest delay.
 */
export function delayAfter(attempt: number, retryAfter = 0, random: () => number = Math.random): number {
  const longest = delays.at(-1) as number
  const scheduled = delays[attempt - 1] ?? longest
  return Math.max(scheduled * (1 - jitter + 2 * jitter * random()), Math.min(retryAfter, longest))
}
