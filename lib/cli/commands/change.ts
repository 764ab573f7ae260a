import type { Deferral, Transition } from '../../index.js'
import { exitCodes } from '../failure.js'
import type { Terminal } from '../terminal.js'
import { statusOf } from './list.js'

/** Says what a call has changed. */
export function report(
  { deferral, changed }: Transition,
  terminal: Terminal,
  done: string,
  otherwise = present(deferral),
): number {
  const { id } = deferral
  terminal.result({ changed, deferral }, () => [changed ? `${id}: ${done}` : `${id}: nothing changed, ${otherwise}`])
  return changed ? exitCodes.done : exitCodes.unchanged
}

function present(deferral: Deferral): string {
  const { assignee, decision, decidedAt, cancelledAt, cancelledBy } = deferral
  const by = [(deferral.status === 'cancelled' ? cancelledBy : decision?.by) ?? []].flat().join(', ')
  const at = (deferral.status === 'cancelled' ? cancelledAt : decidedAt)?.toISOString()
  const holder = assignee && `assigned to ${assignee.to}`
  return [`it is ${statusOf(deferral)}`, by && `by ${by}`, at && `since ${at}`, holder].filter(Boolean).join(' ')
}
