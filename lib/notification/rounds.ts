import { inBackground } from './background.js'

const idleSeconds = 1
const busySeconds = 0.01
const longestSeconds = 10

/** Work that this node repeats. */
export interface Rounds {
  /** Starts the next round now, not at its time; after the round under way, if there is one. */
  hurry(): void
  /** Ends the rounds; resolves after the round under way. */
  close(): Promise<void>
}

/**
 * Repeats `work`, one round at a time. The next round starts a second later, or at once if `work` resolves to `true`: there is more.
 * Pauses are random, so that nodes do not work in step, and longer after a long round. The timer keeps no process alive.
 */
export function startRounds(work: () => Promise<boolean>): Rounds {
  let isOpen = true
  let isHurried = false
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | undefined

  function schedule(seconds: number): void {
    clearTimeout(timer)
    if (!isOpen) return
    timer = setTimeout(begin, seconds * (0.8 + 0.4 * Math.random()) * 1000).unref()
  }

  function begin(): void {
    isHurried = false
    const startedAt = performance.now()
    underWay = inBackground(work).then((isMore) => {
      underWay = undefined
      const duration = (performance.now() - startedAt) / 1000
      const pause = Math.max(idleSeconds, Math.min(4 * duration, longestSeconds))
      schedule(isMore || isHurried ? Math.max(busySeconds, duration) : pause)
    })
  }

  schedule(idleSeconds)
  return {
    hurry() {
      // repeated calls must not postpone the round
      if (isHurried) return
      isHurried = true
      if (!underWay) schedule(busySeconds)
    },
    async close() {
      isOpen = false
      clearTimeout(timer)
      await underWay
    },
  }
}
