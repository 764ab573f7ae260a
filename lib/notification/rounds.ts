import { inBackground } from './background.js'

const idleSeconds = 1
const busySeconds = 0.01
const longestSeconds = 10

/** What is done again and again on this node. */
export interface Rounds {
  /** the next round need not wait its time */
  hurry(): void
  /** Ends them; resolves after the round under way. */
  close(): Promise<void>
}

/**
 * Begins rounds of `work`, one at a time: the next one a second later, or at once where it resolves to `true`, there is more.
 * Nodes that started together do not go on together, and work that takes long is done less often. They keep no process alive.
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
    const begun = performance.now()
    underWay = inBackground(work).then((isMore) => {
      underWay = undefined
      const took = (performance.now() - begun) / 1000
      schedule(isMore ? Math.max(busySeconds, took) : Math.max(idleSeconds, Math.min(4 * took, longestSeconds)))
    })
  }

  schedule(idleSeconds)
  return {
    hurry() {
      // repeated calls must not postpone the round
      if (underWay || isHurried) return
      isHurried = true
      schedule(busySeconds)
    },
    async close() {
      isOpen = false
      clearTimeout(timer)
      await underWay
    },
  }
}
