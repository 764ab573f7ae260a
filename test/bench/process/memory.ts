import { startNode } from '../../support/node.js'
import { inTurn, send } from '../load.js'
import type { Place } from '../servers.js'
import { pendingPolls } from './waiting.js'

// more than a node remembers for the pacing of polls
const waiting = 120_000
const warmUp = 2 * waiting
const batch = 2_000
const steps = 10

/** Prints the memory of a process after so many polls, each time after a garbage collection. */
export async function memory({ uri, db }: Place, polls: number): Promise<void> {
  const node = await startNode({ uri, database: db.databaseName, deferred: { interval: 1 } })
  try {
    const port = Number(new URL(node.origin).port)
    const all = await pendingPolls(db, node.origin, waiting)
    const run = async (count: number, first: number) => {
      for (let done = 0; done < count; done += batch)
        await persistently(() => send(port, [...inTurn(all, batch, first + done)], 'authorization_pending'))
    }
    await run(warmUp, 0)
    const first = await node.memory()
    const goal = 'P10 less than 20 MB'
    console.log(
      `\n${waiting} deferrals that wait, ${megabytes(first.rss)} MB, of which objects ${megabytes(first.heap)} MB`,
    )
    for (let step = 1; step <= steps; step++) {
      await run(polls / steps, ((step - 1) * polls) / steps)
      const { rss, heap } = await node.memory()
      const grown = [rss - first.rss, heap - first.heap].map(megabytes)
      console.log(`after ${(step * polls) / steps} polls ${grown[0]} MB more, objects ${grown[1]} MB more. ${goal}`)
    }
  } finally {
    await node.stop()
  }
}

// a server closes connections that were idle: they were, if somebody stopped both processes for a while
async function persistently(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
    await persistently(work)
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
