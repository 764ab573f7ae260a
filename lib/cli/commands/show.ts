import { display, displayJson } from '../../back_office/display.js'
import type { HistoryEntry, Reviewed } from '../../index.js'
import type { Call, Command } from '../command.js'
import { officeOf } from '../deployment.js'
import { exitCodes, Failure } from '../failure.js'
import { distance } from '../times.js'
import { padded } from '../width.js'
import { statusOf } from './list.js'

/** One deferral. */
export const show: Command = {
  says: 'show a deferral',
  hasId: true,
  options: {},
  async run(call) {
    const deferral = await read(call)
    const { history, ...members } = deferral
    call.terminal.result(members, () => [...membersOf(deferral), '', `history entries: ${history.length}`])
    return exitCodes.done
  },
}

/** The history of one deferral. */
export const history: Command = {
  says: 'show the history of a deferral, oldest entry first',
  hasId: true,
  options: {},
  async run(call) {
    const { history } = await read(call)
    call.terminal.result({ history }, () => call.terminal.table(['AT', 'EVENT', 'BY', 'FACTS'], history.map(rowOf)))
    return exitCodes.done
  },
}

/** The deferral that the command line means. */
export async function read({ deployment, id }: Pick<Call, 'deployment' | 'id'>): Promise<Reviewed> {
  const office = await officeOf(deployment)
  const deferral = await office.get(id)
  if (!deferral) throw new Failure(exitCodes.notFound, 'no deferral has this id')
  return deferral
}

function membersOf(deferral: Reviewed): string[] {
  const now = new Date()
  const { history, overdue, expired, id, status, ...members } = deferral
  const texts = { id, status: statusOf(deferral), ...members }
  const width = Math.max(...Object.keys(texts).map((name) => name.length)) + 2
  return Object.entries(texts).flatMap(([name, value]) => {
    const [first = '', ...rest] = linesOf(value, now)
    return [padded(name, width) + first, ...rest.map((line) => ' '.repeat(width) + line)]
  })
}

function linesOf(value: unknown, now: Date): string[] {
  if (value instanceof Date) return [`${value.toISOString()} (${distance(value, now)})`]
  if (typeof value === 'string') return [display(value)]
  return displayJson(value).split('\n')
}

function rowOf({ at, event, by = [], ...facts }: HistoryEntry): string[] {
  const names = [by].flat().join(', ')
  return [at.toISOString(), event, names, Object.keys(facts).length ? JSON.stringify(facts) : '']
}
