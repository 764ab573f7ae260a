const minute = 60
const hour = 60 * minute

/** Seconds between one attempt and the next; the last goes on until the deferral expires. */
export const delays: readonly number[] = [5, 30, 2 * minute, 10 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour]

const jitter = 0.2

/**
 * Seconds to wait after the attempt with this number, 1 for the first: the schedule, spread by a fifth to either side so that what
 * failed together does not come back together; or longer where the receiver asked for it, within the longest delay.
 */
export function delayAfter(attempt: number, retryAfter = 0, random: () => number = Math.random): number {
  const longest = delays.at(-1) as number
  const scheduled = delays[attempt - 1] ?? longest
  return Math.max(scheduled * (1 - jitter + 2 * jitter * random()), Math.min(retryAfter, longest))
}
