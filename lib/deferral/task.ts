import type { Approval, Denial } from './decision.js'
import type { Deferral, JsonObject, Progress } from './deferral.js'

/** One step of a task. */
export interface TaskWork {
  deferral: Deferral
  /** what the step before has left, at first what `defer` returned as `task` */
  state: JsonObject
  /** the time of the store */
  now: Date
  /** the deferral is decided, cancelled or expired: the task has to be wound up */
  hasEnded: boolean
  /** the step before this one may have been taken without a result: its worker died, or took too long */
  isRepeated: boolean
  /** the other service said that there is news: look at once, whatever the schedule is */
  isNudged: boolean
  /** aborts before another worker may take the same step */
  signal: AbortSignal
}

/** The result of a step. It is stored before the next step. */
export interface TaskStep {
  /** absent: the state stays as it is */
  state?: JsonObject
  /** seconds to the next step, 0 for at once; absent: the task is finished */
  wait?: number
  /** decides the deferral, after the state is stored */
  decision?: { approve: Approval } | { deny: Denial }
  progress?: Progress
  /** the deferral expires at this time, if not earlier */
  expiresAt?: Date
  /** for the history: what happened, without secrets */
  note?: string
}

/** Takes one step of a task. One worker at a time calls it; after the death of that worker another one repeats the step. */
export type TakeStep = (work: TaskWork) => Promise<TaskStep> | TaskStep
