// milliseconds, but for the factor
const shortest = 100
const factor = 20
const longest = 300_000

/**
 * The same read, called less often: calls that come while it runs share it, and a result that took more than 0.1 s is used for 20 times
 * as long, at most 5 minutes. An error is not used again.
 */
export function reused<T>(read: () => Promise<T>, clock = () => performance.now()): () => Promise<T> {
  let result: Promise<T> | undefined
  let usableUntil = 0

  async function readAnew(): Promise<T> {
    const startedAt = clock()
    let use = 0
    try {
      const value = await read()
      const duration = clock() - startedAt
      if (duration > shortest) use = Math.min(factor * duration, longest)
      return value
    } finally {
      usableUntil = clock() + use
    }
  }

  return () => {
    if (result && clock() < usableUntil) return result
    usableUntil = Number.POSITIVE_INFINITY
    result = readAnew()
    return result
  }
}
