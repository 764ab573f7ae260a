import type { Deferral, TaskStep } from '../index.js'
import type { Ask } from './http.js'
import type { ReadMetadata } from './metadata.js'
import type { AuthzenSettings } from './options.js'
import type { Evaluate } from './pdp.js'
import { type Item, type TaskState, toTask } from './task_state.js'

/** Everything that a step needs. */
export interface StepContext {
  settings: AuthzenSettings
  ask: Ask
  evaluate: Evaluate
  metadata: ReadMetadata
  deferral: Deferral
  now: Date
  signal: AbortSignal
  /** the step before this one may have been taken without a result */
  isRepeated: boolean
  /** the access request service said that there is news */
  isNudged: boolean
  isTrusted: (url: unknown) => boolean
  alert: (problem: string, facts?: Record<string, string>) => void
}

/** A step that keeps this state, and another step after so many seconds. */
export function toTaskStep(state: TaskState, wait: number, others: Partial<TaskStep> = {}): TaskStep {
  return { state: toTask(state), wait, ...others }
}

/** A step that keeps this state, and another step when the first of these items is due. */
export function toNextItem(
  state: TaskState,
  items: readonly Item[],
  now: Date,
  others: Partial<TaskStep> = {},
): TaskStep {
  const due = Math.min(...items.map((item) => item.due))
  return toTaskStep(state, Math.max(0, Math.ceil((due - now.getTime()) / 1000)), others)
}

/** The requests that are not approved yet. */
export function openItems({ items }: TaskState): Item[] {
  return items.filter(({ approval }) => !approval)
}

const by = 'authzen'

/** The step that denies the deferral. Requests that are still open are cancelled by the next step. */
export function denial(state: TaskState, note: string): TaskStep {
  return { state: toTask(state), wait: 0, decision: { deny: { by, note } }, note }
}

/** Who decides, in the history. */
export const decidedBy = by
