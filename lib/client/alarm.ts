// the longest delay that setTimeout takes: about 25 days
const longestDelay = 2 ** 31 - 1

/** A sleep that can be ended. */
export interface Alarm {
  /** Resolves after so many seconds, or at once when somebody rang since the last `reset()`. Rejects when the signal aborts. */
  sleep(seconds: number): Promise<void>
  /** Ends the sleep under way, or the next one. */
  ring(): void
  /** Forgets what rang until now. */
  reset(): void
}

/** An alarm that the signal switches off. */
export function createAlarm(signal: AbortSignal | undefined): Alarm {
  let hasRung = false
  let wakeUp = () => {}
  return {
    ring() {
      hasRung = true
      wakeUp()
    },
    reset() {
      hasRung = false
    },
    async sleep(seconds) {
      signal?.throwIfAborted()
      if (hasRung) return
      await new Promise<void>((resolve) => {
        const cancel = startTimer(seconds * 1000, end)
        function end() {
          cancel()
          signal?.removeEventListener('abort', end)
          resolve()
        }
        signal?.addEventListener('abort', end)
        wakeUp = end
      })
      signal?.throwIfAborted()
    },
  }
}

function startTimer(milliseconds: number, onEnd: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>
  const start = (rest: number) => {
    const delay = Math.min(rest, longestDelay)
    timer = setTimeout(() => (rest > delay ? start(rest - delay) : onEnd()), delay)
  }
  start(milliseconds)
  return () => clearTimeout(timer)
}
