/*
 * AuthZEN Access Request and Approval Profile, "Access Request Submission" and "Access Request Response": submits one access
 * request. It is repeated with the same key and the same body until there is an answer, or until the denial has expired.
 */
import { isObject } from '../deferral/json.js'
import type { JsonObject } from '../index.js'
import { retryAfterOf, type ServiceAnswer, Unavailable } from './http.js'
import { openItems, type StepContext, toNextItem } from './step_context.js'
import { delayAfter, hasPassed, type Item, type ServiceTask, type TaskState, timeOf, withItem } from './task_state.js'

const problemType = 'urn:openid:authzen:access-request:error:'

/** The outcome of a submission. */
export type Submitted =
  | { kind: 'task'; task: ServiceTask; answer: JsonObject }
  | { kind: 'again'; wait: number; isSent: boolean; isRefused: boolean }
  /** the denial has expired: a fresh one is needed */
  | { kind: 'stale' }
  | { kind: 'refused'; reason: string }

/** Submits an access request once. */
export async function submit(item: Item, { ask, now, signal, isTrusted, alert }: StepContext): Promise<Submitted> {
  if (hasPassed(item.denialExpiresAt, now)) return item.isSent ? refused('the denial has expired') : { kind: 'stale' }
  const headers = { 'idempotency-key': item.key }
  let answer: ServiceAnswer
  try {
    answer = await ask({ method: 'POST', url: item.endpoint, headers, body: item.body }, signal)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    alert('the access request service cannot be asked', { reason: error.message })
    return again(item, error.retryAfter, { isSent: true })
  }
  const { status } = answer
  const problem = String(answer.body?.type ?? '').replace(problemType, '')
  if (status === 201 || status === 202) return taskIn(answer, item, isTrusted)
  if (status === 401 || status === 403) return again(item, longPause, { isSent: true, isRefused: true })
  if (status === 408 || status === 429 || status >= 500) return again(item, retryAfterOf(answer), { isSent: true })
  if (status === 410) return { kind: 'stale' }
  return refused(`the access request service answered ${status} ${problem}`.trim())
}

// the credentials were refused: an early attempt would be refused, too
const longPause = 60

function again(item: Item, retryAfter: number, { isSent = false, isRefused = false }): Submitted {
  return { kind: 'again', wait: delayAfter(item.attempts, retryAfter), isSent, isRefused }
}

function refused(reason: string): Submitted {
  return { kind: 'refused', reason }
}

function taskIn({ body = {} }: ServiceAnswer, item: Item, isTrusted: StepContext['isTrusted']): Submitted {
  const task = taskOf(body)
  // an answer that cannot be read may still have created a task: the key finds it again
  if (!task) return again(item, 0, { isSent: true })
  const urls = [task.statusEndpoint, task.cancel].filter((url) => url !== undefined)
  if (!urls.every(isTrusted)) return refused('the access request service names a host that is not trusted')
  return { kind: 'task', task, answer: body }
}

/** The task in an answer; `undefined` if there is none. */
export function taskOf({ task }: JsonObject): ServiceTask | undefined {
  if (!isObject(task)) return undefined
  const { id, status, status_endpoint: statusEndpoint, expires_at: expiresAt, links } = task
  if (typeof id !== 'string' || typeof status !== 'string' || typeof statusEndpoint !== 'string') return undefined
  const cancel = isObject(links) ? links.cancel : undefined
  return {
    id,
    status,
    statusEndpoint,
    ...(typeof cancel === 'string' && { cancel }),
    ...(timeOf(expiresAt) && { expiresAt: String(expiresAt) }),
  }
}

/** The step that follows a submission without a task. */
export function afterFailure(
  state: TaskState,
  item: Item,
  outcome: Submitted & { kind: 'again' },
  context: StepContext,
) {
  const { wait, isSent, isRefused } = outcome
  if (isRefused) context.alert('the access request service refuses the credentials', { endpoint: item.endpoint })
  const due = context.now.getTime() + wait * 1000
  const changes = { attempts: item.attempts + 1, due, ...(isSent && { isSent }) }
  const next = withItem(state, item, changes)
  return toNextItem(next, openItems(next), context.now)
}
