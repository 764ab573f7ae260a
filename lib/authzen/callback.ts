/*
 * AuthZEN Access Request and Approval Profile, "Callback Completion": the service says that a request is decided. That is only a
 * reason to look at the task now. What a callback says of a status, a result or a URL is never read.
 */
import type { Provider } from 'oidc-provider'
import { isObject, toJson } from '../deferral/json.js'
import { type TasksOfProvider, tasksOf } from '../protocol/tasks.js'
import { bodyOf } from './callback_body.js'
import { isCaller, isSigned } from './callback_caller.js'
import { requestOfState } from './callback_state.js'
import type { CallbackOptions } from './options.js'
import { fromTask, type Item } from './task_state.js'

/** Answers the callbacks of an access request service. A handler of the Fetch API. */
export type CallbackReceiver = (request: Request) => Promise<Response>

// no deferral has it
const absent = { deferral: 'A'.repeat(22), requestKey: '' }

/** The route for callbacks about the deferrals of this provider. */
export function callbackReceiver(provider: Provider, options: CallbackOptions | undefined): CallbackReceiver {
  if (!options) throw new TypeError('authzen: callback needs accessRequest.callback')
  const tasks = tasksOf(provider)
  return async (request) => {
    const message = await read(request, options)
    if (typeof message === 'number') return answer(message)
    try {
      return answer(await receive(message, tasks, options))
    } catch {
      // the service may send it again
      return answer(503)
    }
  }
}

// the order matters: nothing is read for a caller that is not authenticated
async function read(request: Request, { caller }: CallbackOptions): Promise<Message | number> {
  const { method, headers } = request
  if (method !== 'POST') return 405
  if (!(await isCaller(headers, caller))) return 401
  if (!/^application\/json *(;|$)/i.test(headers.get('content-type') ?? '')) return 415
  const body = await bodyOf(request)
  if (typeof body === 'number') return body
  if (!isSigned(body, headers, caller)) return 401
  return messageIn(body) ?? 400
}

/** What a callback has to have. */
interface Message {
  state: string
  task: string
}

function messageIn(body: Buffer): Message | undefined {
  try {
    const { state, task } = Object(toJson(JSON.parse(body.toString()))) as Record<string, unknown>
    const isMessage = typeof state === 'string' && isObject(task) && typeof task.id === 'string'
    return isMessage ? { state, task: String(task.id) } : undefined
  } catch {
    return undefined
  }
}

async function receive({ state, task }: Message, tasks: TasksOfProvider, options: CallbackOptions): Promise<number> {
  const named = requestOfState(state, options.keys)
  // a state that is not ours takes as long as one that is
  const { deferral, requestKey } = named ?? absent
  const found = await tasks.find(deferral)
  if (!named || !found) return 404
  const item = fromTask(found.state)?.items.find(({ key }) => key === requestKey)
  // finished, or requested anew since
  if (!item || !isOpen(item)) return 204
  // the answer to the submission may still be under way
  if (item.task && item.task.id !== task) return 404
  await tasks.nudge(deferral)
  return 204
}

function isOpen({ approval, task }: Item): boolean {
  return !approval && (!task || task.status === 'pending')
}

const headersOf: Record<number, Record<string, string>> = {
  401: { 'www-authenticate': 'Bearer' },
  405: { allow: 'POST' },
}

function answer(status: number): Response {
  return new Response(null, { status, headers: { 'cache-control': 'no-store', ...headersOf[status] } })
}
