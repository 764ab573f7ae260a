/*
 * Runs tasks. A task is work at another service that decides a deferral, and it is stored in that deferral. A worker leases the task,
 * takes one step and writes the result, as with notifications.
 */
import type { Approval, Denial } from '../deferral/decision.js'
import type { Deferral, JsonObject, Progress } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import type { Events } from '../deferral/events.js'
import { leaseSeconds } from '../deferral/notification.js'
import type { Records } from '../deferral/records.js'
import { latestEnd } from '../deferral/retention.js'
import type { Stored } from '../deferral/store.js'
import type { TakeStep, TaskStep } from '../deferral/task.js'
import { leaseTask, recordStep, saveTaskState } from '../deferral/task_transitions.js'
import { isPending } from '../deferral/transition.js'
import { inBackground } from './background.js'
import { within } from './deadline.js'
import { createLanes } from './lanes.js'
import type { Sealer } from './sealer.js'
import { shuffle } from './shuffle.js'
import type { Task } from './slots.js'
import { rareWarning } from './warnings.js'

// a step ends before its lease, so that two nodes never take one at the same time
const stepSeconds = 8
const drainSeconds = 10
const retrySeconds = 30
const longestRetrySeconds = 86_400
// steps of one task in a row: then other tasks get their turn
const stepsAtOnce = 32
const limits = { perHost: 64, perClient: 16, total: 64, backlog: 128, clients: 4096 }

/** Decides deferrals, with the same rules as for operators. */
export interface Office {
  approve(id: string, approval: Approval): Promise<{ deferral: Deferral }>
  deny(id: string, denial: Denial): Promise<{ deferral: Deferral }>
  progress(id: string, progress: Progress): Promise<unknown>
}

/** The dependencies of a worker. */
export interface TasksDependencies {
  records: Records
  events: Events
  sealer: Sealer
  takeStep: TakeStep
}

/** The worker of one node. */
export class Tasks {
  readonly #node: TasksDependencies
  readonly #lanes = createLanes<Task & { snapshot: Stored | undefined }>(
    ({ id, snapshot }) => this.#work(id, snapshot).catch((error: unknown) => this.#warnWhileOpen(error)),
    limits,
    () => {},
  )
  readonly #warn = rareWarning('tasks have to wait')
  #office: Office | undefined
  #isOpen = true

  constructor(node: TasksDependencies) {
    this.#node = node
  }

  /** Begins to work. */
  start(office: Office): void {
    this.#office = office
    // a task that this node made due does not wait for the next sweep
    this.#node.events.subscribe((record) => this.take([record]))
  }

  /** Takes steps of the tasks that are due. */
  take(records: readonly Stored[]): void {
    if (!this.#isOpen || !this.#office) return
    for (const snapshot of shuffle(records.filter((record) => this.#isDue(record)))) {
      const { id, clientId } = snapshot
      // a long queue must not keep its records in memory: the step reads the record again
      const task = { id, clientId, host: '', snapshot: this.#lanes.size() < limits.total ? snapshot : undefined }
      inBackground(() => this.#lanes.take(task))
    }
  }

  /** Stops. Waits for the steps under way, ten seconds at most. */
  async close(): Promise<void> {
    this.#isOpen = false
    this.#lanes.clear()
    await within(drainSeconds, () => this.#lanes.idle()).catch(() => undefined)
  }

  async #work(id: string, snapshot: Stored | undefined): Promise<void> {
    let latest = snapshot
    for (let step = 0; step < stepsAtOnce && this.#isOpen; step++) {
      const startedAt = performance.now()
      const leased = await this.#node.records.transit(id, leaseTask(leaseSeconds), latest)
      if (!leased) return
      const after = await this.#step(leased, startedAt)
      if (!after || !this.#isDue(after)) return
      latest = after
    }
  }

  async #step(leased: Stored, startedAt: number): Promise<Stored | undefined> {
    const { records } = this.#node
    const hasEnded = !isPending(leased, leased.readAt)
    const { fence = 0, nudge: sawNudge } = leased.task ?? {}
    try {
      const step = await this.#take(leased, hasEnded, startedAt)
      const sealed = step.state && (await this.#seal(leased, step.state))
      const isDecided = await this.#decide(leased, step, { fence, sealed })
      const { wait, expiresAt, note } = step
      return await records.transit(
        leased.id,
        recordStep(fence, { sealed, wait, expiresAt, note, sawEnd: hasEnded || isDecided, sawNudge }),
      )
    } catch (error) {
      this.#warnWhileOpen(error)
      return records.transit(leased.id, recordStep(fence, { wait: pauseAfter(leased), sawEnd: hasEnded, sawNudge }))
    }
  }

  async #take(leased: Stored, hasEnded: boolean, startedAt: number): Promise<TaskStep> {
    const { issuer, id, clientId, task, readAt } = leased
    const state = await this.#node.sealer.open<JsonObject>({ issuer, id, clientId }, task?.sealed ?? '')
    const left = Math.floor(startedAt + stepSeconds * 1000 - performance.now())
    // a process that was suspended longer than its lease must not act
    if (left <= 0) throw new Error('the lease is over')
    const signal = AbortSignal.timeout(left)
    const isRepeated = task?.interrupted ?? false
    const isNudged = task?.nudge?.isOpen ?? false
    const work = { deferral: describe(leased), state, now: readAt, hasEnded, isRepeated, isNudged, signal }
    return within(left / 1000, () => this.#node.takeStep(work))
  }

  // the state is written first: a client may poll as soon as the decision is there. Resolves to `true` if the deferral is decided
  async #decide(
    { id }: Stored,
    { decision, progress }: TaskStep,
    { fence, sealed }: { fence: number; sealed: string | undefined },
  ): Promise<boolean> {
    const office = this.#office as Office
    if (progress) await office.progress(id, progress)
    if (!decision) return false
    if (sealed !== undefined && !(await this.#node.records.transit(id, saveTaskState(fence, sealed)))) return false
    const { deferral } =
      'approve' in decision ? await office.approve(id, decision.approve) : await office.deny(id, decision.deny)
    return deferral.status !== 'pending'
  }

  // not `readAt`: a record that was just written still has the time of the read before the write
  #isDue({ taskDue }: Stored): boolean {
    return taskDue !== undefined && taskDue <= this.#node.records.now()
  }

  #seal({ issuer, id, clientId }: Stored, state: JsonObject): Promise<string> {
    return this.#node.sealer.seal({ issuer, id, clientId }, state)
  }

  #warnWhileOpen(error: unknown): void {
    if (this.#isOpen) this.#warn(error)
  }
}

// a fault that lasts, such as a lost key, must not cost two writes every 30 s until the deferral is deleted
function pauseAfter(leased: Stored): number {
  const since = (leased.readAt.getTime() - latestEnd(leased).getTime()) / 1000
  return Math.min(Math.max(since, retrySeconds), longestRetrySeconds)
}
