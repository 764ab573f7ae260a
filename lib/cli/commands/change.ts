import type { Transition } from '../../index.js'
import { exitCodes } from '../failure.js'
import type { Terminal } from '../terminal.js'
import { statusOf } from './list.js'

/** Says what a call has changed. */
export function report({ deferral, changed }: Transition, terminal: Terminal, done: string): number {
  terminal.result({ changed, deferral }, () => [
    changed ? `${deferral.id}: ${done}` : `${deferral.id}: nothing changed, ${present({ deferral, changed })}`,
  ])
  return changed ? exitCodes.done : exitCodes.unchanged
}

function present({ deferral }: Transition): string {
  const { assignee, decision, decidedAt, cancelledAt, cancelledBy } = deferral
  const by = [(deferral.status === 'cancelled' ? cancelledBy : decision?.by) ?? []].flat().join(', ')
  const at = (deferral.status === 'cancelled' ? cancelledAt : decidedAt)?.toISOString()
  const holder = assignee && `assigned to ${assignee.to}`
  return [`it is ${statusOf(deferral)}`, by && `by ${by}`, at && `since ${at}`, holder].filter(Boolean).join(' ')
}
