// milliseconds: work that hangs does not block its line longer
const longestTurn = 10_000

/** Lines of this node: work with one of the same keys runs one after the other. */
export interface Lines {
  /**
   * Runs `work` after all earlier work with one of these keys. It waits ten seconds for each at most: after that the two overlap.
   * `hasWaited`: there was earlier work.
   */
  run<T>(keys: readonly string[], work: (hasWaited: boolean) => Promise<T>): Promise<T>
}

/** Lines without any work. */
export function createLines(): Lines {
  const ends = new Map<string, Promise<void>>()
  return {
    run(keys, work) {
      const earlier = keys.map((key) => ends.get(key)).filter((end) => end !== undefined)
      const turn = earlier.length > 0 ? Promise.all(earlier).then(() => work(true)) : work(false)
      // leaves the lines before the caller continues: its next work then starts at once
      const run = turn.finally(() => {
        for (const key of keys) if (ends.get(key) === end) ends.delete(key)
      })
      const end = Promise.all(earlier).then(() => endOf(run))
      for (const key of keys) ends.set(key, end)
      return run
    },
  }
}

/** Resolves when a run has ended or takes too long. */
function endOf(run: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, longestTurn).unref()
    const finish = () => {
      clearTimeout(timer)
      resolve()
    }
    run.then(finish, finish)
  })
}
