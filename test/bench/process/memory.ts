import { startNode } from '../../support/node.js'
import { send } from '../load.js'
import { table } from '../report.js'
import type { Place } from '../servers.js'
import { inTurn, pendingPolls } from './waiting.js'

// more than a node remembers for the pacing of polls
const waiting = 120_000
const warmUp = 2 * waiting
const steps = 10

/** Prints the memory of a process after so many polls, each time after a garbage collection. */
export async function memory({ uri, db }: Place, polls: number): Promise<void> {
  const node = await startNode({ uri, database: db.databaseName, deferred: { interval: 1 } })
  try {
    const port = Number(new URL(node.origin).port)
    const all = await pendingPolls(db, node.origin, waiting)
    const run = (count: number, first: number) => send(port, [...inTurn(all, count, first)], 'authorization_pending')
    await run(warmUp, 0)
    const found = [await node.memory()]
    for (let step = 0; step < steps; step++) {
      await run(polls / steps, (step * polls) / steps)
      found.push(await node.memory())
    }
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
    const rows = found.map(({ rss, heap }, step) => [
      `${(step * polls) / steps} polls`,
      megabytes(rss),
      megabytes(heap),
    ])
    const grown = (of: 'rss' | 'heap') => megabytes((found.at(-1)?.[of] ?? 0) - (found[0]?.[of] ?? 0))
    table(
      `${waiting} deferrals that wait`,
      ['process, MB', 'objects, MB', 'goal'],
      [...rows, ['P10 growth', grown('rss'), grown('heap'), 'less than 20 MB']],
    )
  } finally {
    await node.stop()
  }
}
