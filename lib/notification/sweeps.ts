/*
 * What waits for an instant is looked at when it has come: deferrals that expire, notifications that are due, kept answers whose
 * time is over. Every node sweeps; the conditional write decides which node does it.
 */
import { leaseSeconds } from '../deferral/notification.js'
import type { Records } from '../deferral/records.js'
import type { DueQuery, Stored } from '../deferral/store.js'
import { expire, forgetAnswer } from '../deferral/transitions.js'
import { complaints } from './complaints.js'
import type { Outbox } from './outbox.js'
import { type Rounds, startRounds } from './rounds.js'
import { shuffled } from './shuffled.js'
import { within } from './within.js'

const batch = 256
// when very many expire at once, requests come first
const writesAtOnce = 16

/** The sweeps of one node. They begin at once, and keep no process alive. */
export class Sweeps {
  readonly #records: Records
  readonly #outbox: Outbox | undefined
  readonly #rounds: Rounds
  readonly #complain = complaints('deferrals cannot be swept')
  #after: DueQuery['after']

  constructor(records: Records, outbox: Outbox | undefined) {
    this.#records = records
    this.#outbox = outbox
    this.#rounds = startRounds(() => this.#sweep())
    outbox?.onRoom(() => this.#rounds.hurry())
  }

  /** Stops after the round under way. */
  async close(): Promise<void> {
    await this.#rounds.close()
  }

  // Pages through everything due: notifications that find no free lane must not hide those behind them
  async #sweep(): Promise<boolean> {
    try {
      const due = await within(leaseSeconds, () => this.#records.due({ after: this.#after, limit: batch }))
      const last = due.length === batch ? due.at(-1) : undefined
      this.#after = last?.wakeAt && { wakeAt: last.wakeAt, id: last.id }
      this.#outbox?.take(due.filter((record) => !isOver(record)))
      await this.#endAll(shuffled(due.filter(isOver)))
      return last !== undefined
    } catch (error) {
      this.#complain(error)
      return false
    }
  }

  async #endAll(records: Stored[]): Promise<void> {
    const writers = Array.from({ length: writesAtOnce }, async () => {
      for (let record = records.pop(); record; record = records.pop()) await this.#end(record)
    })
    await Promise.all(writers)
  }

  async #end(record: Stored): Promise<void> {
    try {
      await this.#records.transit(record.id, record.status === 'redeemed' ? forgetAnswer : expire, record)
    } catch (error) {
      this.#complain(error)
    }
  }
}

function isOver({ status, expiresAt, readAt }: Stored): boolean {
  return status === 'redeemed' || expiresAt <= readAt
}
