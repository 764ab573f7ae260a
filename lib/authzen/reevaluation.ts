/*
 * AuthZEN Access Request and Approval Profile, "Re-evaluate" and "Enforce and Reuse the Approval": asks the policy decision point
 * again, with the approvals. Only if everything is permitted there are tokens, and they end with the approval.
 */
import { isObject } from '../deferral/json.js'
import type { JsonObject } from '../index.js'
import type { Answer } from './evaluation.js'
import type { AuthzenSettings } from './options.js'
import { type Outcome, outcomeOf } from './outcome.js'
import type { Evaluate } from './pdp.js'
import { type TaskState, timeOf } from './task_state.js'

/** The outcome of a re-evaluation. */
export interface Reevaluated {
  outcome: Outcome
  answers: Answer[]
  /** when the approvals end; absent if there are none */
  until?: Date
}

/** Asks the same questions as at first; rejects with `Unavailable`. */
export async function reevaluate(
  state: TaskState,
  {
    evaluate,
    settings,
    requestId,
    signal,
  }: {
    evaluate: Evaluate
    settings: AuthzenSettings
    requestId: string
    signal?: AbortSignal
  },
): Promise<Reevaluated> {
  const approvals = approvalsOf(state)
  const answers = await evaluate(state.evaluations, { requestId, approvals }, signal)
  // after an approval only a permit of everything counts
  const partial = approvals.size > 0 ? 'deny' : settings.partial
  const composition = { partial, claims: settings.claims, isRequestable: () => false }
  const outcome = outcomeOf(state.request, state.evaluations, answers, composition)
  const until = endOf([...approvals.values(), ...answers.map(({ context }) => context.approval)])
  return { outcome, answers, ...(until && approvals.size > 0 && { until }) }
}

/** The approvals of the access requests, by the index of the question. */
export function approvalsOf({ items }: TaskState): Map<number, JsonObject> {
  return new Map(items.flatMap(({ index, approval }) => (approval ? [[index, approval] as const] : [])))
}

/** The earliest end of approvals; `undefined` if none has an end. */
export function endOf(approvals: readonly unknown[]): Date | undefined {
  const ends = approvals.flatMap((approval) => {
    const end = isObject(approval) ? timeOf(approval.approved_until) : undefined
    return end ? [end.getTime()] : []
  })
  return ends.length > 0 ? new Date(Math.min(...ends)) : undefined
}
