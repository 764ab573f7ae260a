import { type Actor, type Approval, type Denial, toApproval, toCancellation, toDenial } from '../deferral/decision.js'
import { assertNarrower } from '../deferral/narrow.js'
import type { Records } from '../deferral/records.js'
import * as transitions from '../deferral/transitions.js'
import { approve as approval, needsVotes } from '../deferral/vote_transitions.js'
import { factsOf } from '../diagnostics/changes.js'
import { type OperationMessage, traced } from '../diagnostics/channels.js'
import { assertId } from './assertions.js'
import type { DeferralsDependencies } from './dependencies.js'
import { change, find, type Transition } from './transition.js'

/** Decides deferrals. */
export interface Decisions {
  approve(id: string, approval: Approval): Promise<Transition>
  deny(id: string, denial: Denial): Promise<Transition>
  cancel(id: string, cancellation: Actor): Promise<Transition>
}

/** The decisions of operators. Each is published. */
export function decisionsOf(records: Records, narrowing: DeferralsDependencies['narrowing']): Decisions {
  return {
    approve: (id, decision) => published(records, 'approve', () => approve(records, narrowing, id, decision)),
    deny: (id, denial) =>
      published(records, 'deny', async () => {
        assertId('deny', id)
        return change(records, id, transitions.decide('denied', toDenial(denial)))
      }),
    cancel: (id, cancellation) =>
      published(records, 'cancel', async () => {
        assertId('cancel', id)
        const { by } = toCancellation(cancellation)
        return change(records, id, transitions.cancel({ by }))
      }),
  }
}

async function approve(
  records: Records,
  narrowing: DeferralsDependencies['narrowing'],
  id: string,
  members: Approval,
): Promise<Transition> {
  assertId('approve', id)
  const decision = toApproval(members)
  const record = await find(records, id)
  assertNarrower(record, decision, narrowing)
  if (decision.until && decision.until <= record.readAt) throw new RangeError('approve: until must lie ahead')
  // a vote needs a fresh read: an earlier vote that was withdrawn meanwhile must not make it fail
  return change(records, id, approval(decision, narrowing), needsVotes(record) ? undefined : record)
}

// publishes the id of a deferral that was found, never the argument
function published({ issuer }: Records, operation: string, decide: () => Promise<Transition>): Promise<Transition> {
  return traced('decide', { issuer, operation }, decide, decisionFacts)
}

function decisionFacts(result: Transition | undefined): Partial<OperationMessage> {
  if (!result) return {}
  const { deferral, changed } = result
  return { ...factsOf(deferral), outcome: changed ? deferral.status : 'unchanged' }
}
