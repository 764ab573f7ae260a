/*
 * AuthZEN Access Request and Approval Profile, "Cancellation": the deferral has ended, so its open access requests are cancelled.
 */
import type { Deferral, TaskStep } from '../index.js'
import { retryAfterOf, Unavailable } from './http.js'
import { type StepContext, toNextItem, toTaskStep } from './step_context.js'
import { submit } from './submission.js'
import { delayAfter, hasPassed, type Item, type TaskState, withItem } from './task_state.js'

const mostAttempts = 60

/** Takes one step to wind up: cancels one task, or finds the task of a submission without an answer. */
export async function windUp(before: TaskState, context: StepContext): Promise<TaskStep> {
  const state = ending(before)
  const open = state.items.filter((item) => isOpen(item, context))
  const now = context.now.getTime()
  const item = open.find(({ due }) => due <= now)
  if (!item) return open.length > 0 ? toNextItem(state, open, context.now) : {}
  return item.task ? cancel(state, item, context) : find(state, item, context)
}

// cancellations start at once, whenever the next look was due
function ending(state: TaskState): TaskState {
  if (state.isEnding) return state
  return { ...state, isEnding: true, items: state.items.map((item) => ({ ...item, attempts: 0, due: 0 })) }
}

// without a task: the submission may have arrived, and only its answer was lost
function isOpen({ task, isSent, denialExpiresAt, attempts }: Item, { now, isRepeated }: StepContext): boolean {
  if (attempts > mostAttempts) return false
  if (!task) return (isSent || isRepeated) && !hasPassed(denialExpiresAt, now)
  return task.status === 'pending' && task.cancel !== undefined && !hasPassed(task.expiresAt, now)
}

async function cancel(state: TaskState, item: Item, { ask, deferral, now, signal }: StepContext): Promise<TaskStep> {
  const { task } = item
  const body = { reason: reasonOf(deferral) }
  let retryAfter = 0
  try {
    const answer = await ask({ method: 'POST', url: task?.cancel ?? '', body }, signal)
    // final already, not cancellable or gone: there is nothing left to do
    const isDone = answer.status < 500 && ![401, 403, 408, 429].includes(answer.status)
    if (task && isDone) {
      const next = withItem(state, item, { task: { ...task, status: 'cancelled' } })
      return toTaskStep(next, 0, answer.status === 200 ? { note: `access request ${task.id} cancelled` } : {})
    }
    retryAfter = retryAfterOf(answer)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
  }
  return later(state, item, now, retryAfter)
}

// the same key finds the task of a submission whose answer was lost
async function find(state: TaskState, item: Item, context: StepContext): Promise<TaskStep> {
  const outcome = await submit({ ...item, isSent: true }, context)
  if (outcome.kind === 'task') return toTaskStep(withItem(state, item, { task: outcome.task, due: 0 }), 0)
  if (outcome.kind === 'again') return later(state, item, context.now, outcome.wait)
  return toTaskStep(withItem(state, item, { attempts: mostAttempts + 1 }), 0)
}

function later(state: TaskState, item: Item, now: Date, retryAfter: number): TaskStep {
  const wait = delayAfter(item.attempts, retryAfter)
  const changes = { attempts: item.attempts + 1, due: now.getTime() + wait * 1000, isSent: true }
  // another item may be due at once
  return toTaskStep(withItem(state, item, changes), state.items.length > 1 ? 1 : wait)
}

function reasonOf({ status, expired, cancellationReason }: Deferral): string {
  if (status === 'cancelled') return cancellationReason ?? 'client_cancelled'
  return expired ? 'expired' : 'decided_elsewhere'
}
