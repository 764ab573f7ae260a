/*
 * Looks at deferrals whose `wakeAt` has come: they expire, they become overdue, their notification is due, or their stored answer
 * has to be erased. Every node sweeps; the conditional write decides which node succeeds.
 */
import { dueChannels, leaseSeconds } from '../deferral/notification.js'
import { isPingOver } from '../deferral/notification_members.js'
import { endPing } from '../deferral/notification_transitions.js'
import type { DueQuery } from '../deferral/queries.js'
import type { Records } from '../deferral/records.js'
import type { Stored } from '../deferral/store.js'
import { expire, forgetAnswer, noteOverdue } from '../deferral/sweep_transitions.js'
import { isOverdue, isUnexpired, type Transition } from '../deferral/transition.js'
import { traced } from '../diagnostics/channels.js'
import { within } from './deadline.js'
import type { Outbox } from './outbox.js'
import { type Rounds, startRounds } from './rounds.js'
import { shuffle } from './shuffle.js'
import { rareWarning } from './warnings.js'
import type { Watching } from './watching.js'

// few enough that reading them does not keep requests waiting
const batch = 128
// few, so that many expiries at once do not slow down requests
const writesAtOnce = 16
const pagesAhead = 16
const drainSeconds = 10

/** A worker that gets all due deferrals. It takes those that it has to do with, and gets those again that it cannot take now. */
export interface DueWorker {
  take(due: readonly Stored[]): void
}

/** The sweeps of one node. They begin at once, and keep no process alive. */
export class Sweeps {
  readonly #records: Records
  readonly #outbox: Outbox | undefined
  readonly #watching: Watching
  readonly #workers: readonly DueWorker[]
  readonly #rounds: Rounds
  readonly #warn = rareWarning('deferrals cannot be swept')
  #isOpen = true
  #writing: Promise<void> | undefined
  // the beginning of the next page; while very many are written also that of the next page to read ahead
  #after: DueQuery['after']
  #ahead: DueQuery['after']

  constructor(records: Records, outbox: Outbox | undefined, watching: Watching, workers: readonly DueWorker[] = []) {
    this.#records = records
    this.#outbox = outbox
    this.#watching = watching
    this.#workers = workers
    this.#rounds = startRounds(() => this.#sweep())
    const hurry = () => this.#rounds.hurry()
    outbox?.onRoom(hurry)
    // a notification that another node made due does not wait for the next round
    if (outbox) watching.subscribe((_id, isDue) => isDue && hurry(), hurry)
  }

  /** Stops. Waits for the writes under way, ten seconds at most. */
  async close(): Promise<void> {
    this.#isOpen = false
    await within(drainSeconds, () => Promise.all([this.#rounds.close(), this.#writing])).catch(() => undefined)
  }

  async #sweep(): Promise<boolean> {
    if (this.#outbox) this.#watching.begin()
    const { issuer } = this.#records
    try {
      return await traced(
        'sweep',
        { issuer },
        () => this.#sweepPage(),
        (isMore) => (isMore ? { outcome: 'more' } : {}),
      )
    } catch (error) {
      this.#warnWhileOpen(error)
      return false
    }
  }

  // pages through everything due: notifications that find no free lane must not hide those behind them
  async #sweepPage(): Promise<boolean> {
    const due = await this.#handOver(this.#after)
    const last = lastOf(due)
    const changed = due.filter(hasChange)
    if (last && changed.length > 0) await this.#readAhead(last)
    const writes = this.#write(changed)
    // the next page waits for these writes; the next round, a second later, does not
    if (last) await writes
    this.#after = last
    if (!last) this.#ahead = undefined
    return last !== undefined
  }

  /** Reads a page, and hands its due notifications and tasks to their workers. */
  async #handOver(after: DueQuery['after']): Promise<Stored[]> {
    const due = await within(leaseSeconds, () => this.#records.due({ after, limit: batch }))
    this.#outbox?.take(due.filter(isToBeSent))
    for (const worker of this.#workers) worker.take(due)
    return due
  }

  // notifications must not wait while very many expire or become overdue, so later pages are read ahead, each page once
  async #readAhead(last: DueQuery['after']): Promise<void> {
    if (!this.#outbox) return
    this.#ahead ??= last
    for (let page = 0; page < pagesAhead && this.#isOpen; page++) {
      const due = await this.#handOver(this.#ahead)
      this.#ahead = cursorOf(due.at(-1)) ?? this.#ahead
      if (due.length < batch) return
    }
  }

  // while earlier writes hang, no further writes start; the sweeps continue, so that notifications are sent
  async #write(records: Stored[]): Promise<void> {
    if (this.#writing) return
    const writing = this.#writeAll(shuffle(records)).finally(() => {
      this.#writing = undefined
    })
    this.#writing = writing
    await within(leaseSeconds, () => writing).catch((error: unknown) => this.#warnWhileOpen(error))
  }

  async #writeAll(records: Stored[]): Promise<void> {
    const writers = Array.from({ length: writesAtOnce }, async () => {
      for (let record = records.pop(); record && this.#isOpen; record = records.pop()) await this.#writeOne(record)
    })
    await Promise.all(writers)
  }

  async #writeOne(record: Stored): Promise<void> {
    const transition = transitionFor(record)
    try {
      if (transition) await this.#records.sweep(record.id, transition, record)
    } catch (error) {
      this.#warnWhileOpen(error)
    }
  }

  #warnWhileOpen(error: unknown): void {
    if (this.#isOpen) this.#warn(error)
  }
}

/** The change that the time has brought; `undefined`: none, a notification is due. */
function transitionFor(record: Stored): Transition | undefined {
  if (record.status === 'redeemed') return forgetAnswer
  if (!isUnexpired(record, record.readAt)) return expire
  if (isPingOver(record, record.readAt)) return endPing
  return isOverdue(record, record.readAt) && !record.overdueAt ? noteOverdue : undefined
}

// a task that no worker takes stays due, so a due record may have nothing to write
const hasChange = (record: Stored) => transitionFor(record)?.(record, record.readAt) !== undefined

// an overdue deferral may have a notification that is due as well
function isToBeSent(record: Stored): boolean {
  if (record.status === 'redeemed' || !isUnexpired(record, record.readAt)) return false
  return dueChannels(record, record.readAt).length > 0
}

function lastOf(due: Stored[]): DueQuery['after'] {
  return due.length === batch ? cursorOf(due.at(-1)) : undefined
}

function cursorOf(record: Stored | undefined): DueQuery['after'] {
  return record?.wakeAt && { wakeAt: record.wakeAt, id: record.id }
}
