/*
 * The part of the state machine for tasks: work at another service that decides a deferral. A lease is only the next due time: the
 * lease of a dead worker ends by itself.
 */
import type { DeferralRecord } from './deferral.js'
import { postponeNotification } from './notification_transitions.js'
import type { TaskRecord } from './task_record.js'
import { changeOf, isPending, seconds, type Transition } from './transition.js'

/** Leases a due task for `lease` seconds, for one step. */
export const leaseTask =
  (lease: number): Transition =>
  (record, now) => {
    const { task, taskDue } = record
    if (!task || !taskDue || taskDue > now) return undefined
    const { sealed, fence, leased, interrupted } = task
    const isInterrupted = leased ?? interrupted
    const next: TaskRecord = { sealed, fence: fence + 1, leased: true, ...(isInterrupted && { interrupted: true }) }
    return changeOf(record, { task: next, taskDue: seconds(lease, now) })
  }

/** Stores the state of the task before its decision is made. The lease goes on. */
export const saveTaskState =
  (fence: number, sealed: string): Transition =>
  (record) => {
    const { task } = record
    return task?.fence === fence && task.leased ? changeOf(record, { task: { ...task, sealed } }) : undefined
  }

/** The result of a step. */
export interface TaskResult {
  sealed?: string | undefined
  /** seconds to the next step; absent: finished */
  wait?: number | undefined
  expiresAt?: Date | undefined
  note?: string | undefined
  /** whether the step knew that the deferral had ended */
  sawEnd: boolean
}

/** Writes the result of the step with this fence. If the deferral has ended meanwhile, another step is due at once. */
export const recordStep =
  (fence: number, { sealed, wait, expiresAt, note, sawEnd }: TaskResult): Transition =>
  (record, now) => {
    const { task } = record
    if (task?.fence !== fence || !task.leased) return undefined
    const isMissed = !isPending(record, now) && !sawEnd
    const taskDue = isMissed ? now : wait === undefined ? undefined : seconds(wait, now)
    // after the last step only a redemption may need the state
    const isNeeded = taskDue !== undefined || record.status === 'pending' || record.status === 'approved'
    const members = {
      task: isNeeded ? { sealed: sealed ?? task.sealed, fence } : undefined,
      taskDue,
      ...(expiresAt && isPending(record, now) && shortened(record, expiresAt)),
    }
    return changeOf(record, members, note === undefined ? undefined : { at: now, event: 'task_noted', note })
  }

// before the exchange `expiresAt` is the end of the deferred code
function shortened(record: DeferralRecord, expiresAt: Date): object {
  if (!record.exchangedAt || expiresAt >= record.expiresAt) return {}
  return { expiresAt, ...postponeNotification(record, expiresAt) }
}
