const firstSeconds = 5
const longestSeconds = 60
const mostPauses = 10_000

/** Pauses between questions about one deferral, on this node: a client may poll more often than a service wants to be asked. */
export interface Pauses {
  /** seconds left, 0 if the question may be asked */
  left(id: string): number
  /** Begins a pause, longer than the one before, and at least `least` seconds. Returns its seconds. */
  begin(id: string, least?: number): number
  /** Forgets the pauses of a deferral. */
  end(id: string): void
}

/** No pause yet. */
export function createPauses(): Pauses {
  const pauses = new Map<string, { until: number; seconds: number }>()
  return {
    left(id) {
      const { until = 0 } = pauses.get(id) ?? {}
      return Math.max(0, Math.ceil((until - performance.now()) / 1000))
    },
    begin(id, least = 0) {
      const before = pauses.get(id)?.seconds
      const growing = before === undefined ? firstSeconds : Math.min(2 * before, longestSeconds)
      const seconds = Math.max(growing, least)
      pauses.delete(id)
      // the oldest pause is dropped: its deferral is asked about a little too early
      const [oldest] = pauses.keys()
      if (pauses.size >= mostPauses && oldest !== undefined) pauses.delete(oldest)
      pauses.set(id, { until: performance.now() + seconds * 1000, seconds: growing })
      return seconds
    },
    end: (id) => void pauses.delete(id),
  }
}
