/*
 * AuthZEN Access Request and Approval Profile: what a deferral keeps of its access requests, encrypted, from one step to the next.
 */
import type { JsonObject } from '../index.js'
import type { Evaluation, IssuanceRequest } from './evaluation.js'

/** A task at the access request service. */
export interface ServiceTask {
  id: string
  status: string
  statusEndpoint: string
  /** where it can be cancelled; absent: it cannot */
  cancel?: string
  /** when it is over, RFC 3339 */
  expiresAt?: string
}

/** One access request: the submission of one denied question. */
export interface Item {
  /** index of the question */
  index: number
  endpoint: string
  /** Idempotency-Key: of the deferral, the question and the generation of the denial */
  key: string
  /** the whole submission: another body under the same key would be a conflict */
  body: JsonObject
  /** when the denial can no longer be used, RFC 3339 */
  denialExpiresAt: string
  /** the submission may have arrived */
  isSent?: boolean
  task?: ServiceTask
  /** the approval, as it was received */
  approval?: JsonObject
  /** failed attempts and looks since the last progress */
  attempts: number
  /** milliseconds since the epoch of the next attempt or look, by the clock of the store */
  due: number
}

/** The state of the access requests of one deferral. */
export interface TaskState {
  request: IssuanceRequest
  evaluations: Evaluation[]
  /** empty: the policy decision point has to be asked */
  items: Item[]
  /** how often the access was requested anew */
  generation: number
  /** pauses of the re-evaluation */
  attempts: number
  /** the deferral has ended, and this is being wound up */
  isEnding?: boolean
  /** progress that the client was told */
  progress?: string
}

/** The state as JSON, for the deferral. */
export function toTask(state: TaskState): JsonObject {
  return JSON.parse(JSON.stringify(state))
}

/** The state in the JSON of a deferral; `undefined` if it is not of this export. */
export function fromTask(task: JsonObject | undefined): TaskState | undefined {
  return task && Array.isArray(task.evaluations) ? (task as object as TaskState) : undefined
}

/** The same state with one item changed. */
export function withItem(state: TaskState, item: Item, changes: Partial<Item>): TaskState {
  const items = state.items.map((other) => (other.index === item.index ? { ...other, ...changes } : other))
  return { ...state, items }
}

/** The same state, in which every look at a task is due. */
export function withLooksDue(state: TaskState, now: Date): TaskState {
  const at = now.getTime()
  return { ...state, items: state.items.map((item) => (item.task ? { ...item, due: Math.min(item.due, at) } : item)) }
}

const leastSeconds = 5
const longestSeconds = 60

/** Whole seconds until the next attempt: at random, up to 5 at first and 60 later, and not before `retryAfter`. */
export function delayAfter(attempts: number, retryAfter = 0): number {
  const longest = Math.min(leastSeconds * 2 ** attempts, longestSeconds)
  return Math.max(Math.ceil(Math.random() * longest), 1, retryAfter)
}

/** Whole seconds until the next look at a task whose service sends callbacks: it may not support them, which nobody can see. */
export function delayBesideCallbacks(retryAfter: number): number {
  return Math.max(Math.ceil((0.5 + 0.5 * Math.random()) * longestSeconds), retryAfter)
}

const skew = 30_000

/** Whether a time of the other side has passed, with tolerance for its clock. Without a time it has not. */
export function hasPassed(time: string | undefined, now: Date): boolean {
  return time !== undefined && Date.parse(time) + skew <= now.getTime()
}

/** A time in RFC 3339; `undefined` if it is something else. */
export function timeOf(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d/.test(value)) return undefined
  const time = new Date(value)
  return Number.isNaN(time.getTime()) ? undefined : time
}
