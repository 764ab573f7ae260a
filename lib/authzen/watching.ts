/*
 * AuthZEN Access Request and Approval Profile, "Poll the Task" and "Handle Completion": looks at a task, and says what its status
 * means. Only an approval that can be enforced counts; whatever is unknown is not approved.
 */
import { isObject } from '../deferral/json.js'
import type { JsonObject } from '../index.js'
import { retryAfterOf, Unavailable } from './http.js'
import type { StepContext } from './step_context.js'
import { taskOf } from './submission.js'
import { delayAfter, delayBesideCallbacks, hasPassed, type Item, timeOf } from './task_state.js'

/** What a look at a task has found. */
export type Sight =
  | { kind: 'pending'; wait: number; progress?: string; expiresAt?: string }
  | { kind: 'approved'; approval: JsonObject }
  | { kind: 'denied' | 'cancelled' | 'expired' | 'failed' }
  /** an approval without an end */
  | { kind: 'endless' }

/** Looks at a task once. */
export async function look(item: Item, context: StepContext): Promise<Sight> {
  const { ask, now, signal, alert } = context
  const { task } = item
  if (!task || hasPassed(task.expiresAt, now)) return { kind: 'expired' }
  try {
    const answer = await ask({ method: 'GET', url: task.statusEndpoint }, signal)
    if (answer.status === 404 || answer.status === 410) return { kind: 'expired' }
    if (answer.status === 401 || answer.status === 403) {
      alert('the access request service refuses the credentials', { endpoint: task.statusEndpoint })
    }
    const retryAfter = retryAfterOf(answer)
    const isReadable = answer.status === 200 && isObject(answer.body?.task) && answer.body.task.id === task.id
    return isReadable ? sightOf(answer.body ?? {}, item, retryAfter, context) : pendingSight(item, retryAfter, context)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    alert('the access request service cannot be asked', { reason: error.message })
    return pendingSight(item, error.retryAfter, context)
  }
}

/** What an answer about a task means. */
export function sightOf(answer: JsonObject, item: Item, retryAfter: number, context: StepContext): Sight {
  const { task, result } = answer as { task: JsonObject; result?: unknown }
  switch (task.status) {
    case 'denied':
    case 'cancelled':
    case 'expired':
    case 'failed':
      return { kind: task.status }
    case 'approved':
      return approvalIn(result) ?? pendingSight(item, retryAfter, context)
    case 'partial':
      context.alert('an access request was approved in part, which this provider never asks for')
      return pendingSight(item, retryAfter, context)
    default:
      return { ...pendingSight(item, retryAfter, context), ...progressOf(task), ...expiryOf(answer) }
  }
}

function pendingSight(
  { attempts, body }: Item,
  retryAfter: number,
  { isNudged }: StepContext,
): Sight & { kind: 'pending' } {
  const hasCallback = body.callback !== undefined && !isNudged
  return { kind: 'pending', wait: hasCallback ? delayBesideCallbacks(retryAfter) : delayAfter(attempts, retryAfter) }
}

function approvalIn(result: unknown): Sight | undefined {
  if (!isObject(result) || result.mode !== 'reevaluate' || !isObject(result.approval)) return undefined
  const approval = result.approval as JsonObject
  if (typeof approval.id !== 'string') return undefined
  return timeOf(approval.approved_until) ? { kind: 'approved', approval } : { kind: 'endless' }
}

// `awaiting` names people, and stays here
function progressOf({ progress }: JsonObject): { progress?: string } {
  if (!isObject(progress)) return {}
  const { current_step: current, total_steps: total, step_name: name } = progress
  const count = typeof current === 'number' && typeof total === 'number' ? ` (${current} of ${total})` : ''
  const step = typeof name === 'string' ? name : 'approval'
  return { progress: `${step.slice(0, 60)}${count}` }
}

function expiryOf(answer: JsonObject): { expiresAt?: string } {
  const expiresAt = taskOf(answer)?.expiresAt
  return expiresAt === undefined ? {} : { expiresAt }
}
