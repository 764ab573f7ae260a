/*
 * The part of the state machine for tasks: work at another service that decides a deferral. A lease is only the next due time: the
 * lease of a dead worker ends by itself.
 */
import type { DeferralRecord } from './deferral_record.js'
import { postponeNotification } from './notification_members.js'
import type { TaskRecord } from './task_record.js'
import { changeOf, isPending, seconds, type Transition } from './transition.js'

/** Leases a due task for `lease` seconds, for one step. */
export const leaseTask =
  (lease: number): Transition =>
  (record, now) => {
    const { task, taskDue } = record
    if (!task || !taskDue || taskDue > now) return undefined
    const { sealed, fence, leased, interrupted, nudge } = task
    const isInterrupted = leased ?? interrupted
    const next: TaskRecord = {
      sealed,
      fence: fence + 1,
      leased: true,
      ...(isInterrupted && { interrupted: true }),
      ...(nudge && { nudge }),
    }
    return changeOf(record, { task: next, taskDue: seconds(lease, now) })
  }

/** Stores the state of the task before its decision is made. The lease goes on. */
export const saveTaskState =
  (fence: number, sealed: string): Transition =>
  (record) => {
    const { task } = record
    return task?.fence === fence && task.leased ? changeOf(record, { task: { ...task, sealed } }) : undefined
  }

const nudgePause = 5

/**
 * Makes a task due, because its service says that there is news. Many nudges become one step, five seconds after the one before. A
 * nudge during a step is kept: the step may have looked too early. `undefined`: nothing is open, or the next step looks anyway.
 */
export const nudgeTask: Transition = (record, now) => {
  const { task, taskDue } = record
  if (!task || !taskDue || !isPending(record, now)) return undefined
  const { nudge, leased } = task
  if (nudge?.isOpen && (!leased || nudge.at > now)) return undefined
  const at = latest(now, nudge && seconds(nudgePause, nudge.at))
  const isSooner = !leased && at < taskDue
  return changeOf(record, { task: { ...task, nudge: { at, isOpen: true } }, ...(isSooner && { taskDue: at }) })
}

function latest(now: Date, other = now): Date {
  return new Date(Math.max(now.getTime(), other.getTime()))
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
  /** the nudge that the step knew */
  sawNudge?: TaskRecord['nudge']
}

/** Writes the result of the step with this fence. If the deferral has ended meanwhile, another step is due at once. */
export const recordStep =
  (fence: number, { sealed, wait, expiresAt, note, sawEnd, sawNudge }: TaskResult): Transition =>
  (record, now) => {
    const { task } = record
    if (task?.fence !== fence || !task.leased) return undefined
    const isMissed = !isPending(record, now) && !sawEnd
    const nudge = nudgeAfter(task, sawNudge)
    const taskDue = isMissed ? now : wait === undefined ? undefined : dueAt(seconds(wait, now), nudge)
    // after the last step only a redemption may need the state
    const isNeeded = taskDue !== undefined || record.status === 'pending' || record.status === 'approved'
    const members = {
      task: isNeeded ? { sealed: sealed ?? task.sealed, fence, ...(nudge && { nudge }) } : undefined,
      taskDue,
      ...(expiresAt && isPending(record, now) && shortened(record, expiresAt)),
    }
    return changeOf(record, members, note === undefined ? undefined : { at: now, event: 'task_noted', note })
  }

// of a nudge that the step knew only the time is kept; a later one is still open
function nudgeAfter({ nudge }: TaskRecord, saw: TaskRecord['nudge']): TaskRecord['nudge'] {
  if (!nudge?.isOpen) return nudge
  return saw?.isOpen && saw.at.getTime() === nudge.at.getTime() ? { at: nudge.at } : nudge
}

function dueAt(scheduled: Date, nudge: TaskRecord['nudge']): Date {
  return nudge?.isOpen && nudge.at < scheduled ? nudge.at : scheduled
}

// before the exchange `expiresAt` is the end of the deferred code
function shortened(record: DeferralRecord, expiresAt: Date): object {
  if (!record.exchangedAt || expiresAt >= record.expiresAt) return {}
  return { expiresAt, ...postponeNotification(record, expiresAt) }
}
