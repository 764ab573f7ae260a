import type { Command } from '../command.js'
import { officeOf } from '../deployment.js'
import { exitCodes } from '../failure.js'

const notesEvery = 100

/** All deferrals for auditors. */
export const exportAll: Command = {
  says: 'write all deferrals with their history, oldest first, one JSON object a line',
  options: {
    since: { value: 'DATE', kind: 'date', says: 'created at this time or later' },
    until: { value: 'DATE', kind: 'date', says: 'created before this time' },
  },
  async run({ values, deployment, terminal }) {
    const [createdAfter, createdBefore] = [values.date('since'), values.date('until')]
    const office = await officeOf(deployment)
    const interruption = new AbortController()
    // the second one ends the process at once
    process.once('SIGINT', () => interruption.abort())
    const { signal } = interruption
    let count = 0
    const query = { ...(createdAfter && { createdAfter }), ...(createdBefore && { createdBefore }) }
    try {
      for await (const deferral of office.export(query)) {
        signal.throwIfAborted()
        await terminal.line(deferral, signal)
        if (++count % notesEvery === 0) terminal.progress(`${count} exported`)
      }
    } catch (error) {
      if (!signal.aborted) throw error
      terminal.endProgress()
      terminal.note(`interrupted after ${count} deferrals, the export is not complete`)
      return exitCodes.interrupted
    }
    terminal.progress(`${count} exported`)
    return exitCodes.done
  },
}
