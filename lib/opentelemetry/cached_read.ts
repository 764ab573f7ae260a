// milliseconds
const slowRead = 100
const longestUse = 300_000
const factor = 20

/**
 * Calls `read` less often. Calls during a read share it. If a read took more than 0.1 s, its result is used for 20 times as long, at most
 * 5 minutes. An error is not used again, and a read that does not end is not waited for longer.
 */
export function cachedRead<T>(read: () => Promise<T>, clock = () => performance.now()): () => Promise<T> {
  let last: { result: Promise<T>; usableUntil: number } | undefined

  function readAnew() {
    const startedAt = clock()
    const current = { result: read(), usableUntil: startedAt + longestUse }
    current.result.then(
      () => {
        const duration = clock() - startedAt
        current.usableUntil = clock() + (duration > slowRead ? Math.min(factor * duration, longestUse) : 0)
      },
      () => {
        current.usableUntil = startedAt
      },
    )
    return current
  }

  return () => {
    if (!last || clock() >= last.usableUntil) last = readAnew()
    return last.result
  }
}
