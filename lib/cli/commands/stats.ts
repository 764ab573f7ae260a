import type { Command } from '../command.js'
import { officeOf } from '../deployment.js'
import { exitCodes } from '../failure.js'
import { distance } from '../times.js'

/** The pending deferrals. */
export const stats: Command = {
  says: 'count what waits, by queue',
  options: {},
  async run({ deployment, terminal }) {
    const office = await officeOf(deployment)
    const { byQueue, ...total } = await office.stats()
    const now = new Date()
    const rows = Object.entries(byQueue).map(([queue, of]) => ({ queue, ...of }))
    terminal.result({ ...total, byQueue }, () =>
      terminal.table(
        ['QUEUE', 'PENDING', 'OVERDUE', 'OLDEST'],
        [...rows, { queue: 'all', ...total }].map(({ queue, pending, overdue, oldestPendingAt }) => [
          queue,
          String(pending),
          String(overdue),
          oldestPendingAt ? distance(oldestPendingAt, now) : '',
        ]),
      ),
    )
    return exitCodes.done
  },
}
