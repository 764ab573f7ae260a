/*
 * Sends the notifications that are `owed`. Each is stored in its deferral. A worker leases it, makes one attempt and writes the
 * result. A lease is only the next due time: the lease of a dead worker ends by itself.
 */
import type { Provider } from 'oidc-provider'
import type { Events } from '../deferral/events.js'
import { leaseSeconds, type Settlement } from '../deferral/notification.js'
import { leaseNotification, settleNotification } from '../deferral/notification_transitions.js'
import type { Records } from '../deferral/records.js'
import type { HistoryEntry, Stored } from '../deferral/store.js'
import { inBackground } from './background.js'
import { within } from './deadline.js'
import { deliver, type Recipient } from './delivery.js'
import type { Egress } from './egress/egress.js'
import { isLeftByOthers, recipientOf } from './endpoint.js'
import { createLanes, type Task } from './lanes.js'
import type { Sealer } from './sealer.js'
import { shuffled } from './shuffle.js'
import { complaints } from './warnings.js'

// an attempt ends before its lease, so that two nodes never make one at the same time
const attemptSeconds = 9
const readSeconds = 3
const readAgainSeconds = 1
const drainSeconds = 10
const limits = { perHost: 16, perClient: 8, total: 1024, backlog: 128, clients: 4096 }

/** What the worker of one node depends on. */
export interface OutboxDependencies {
  provider: Provider
  records: Records
  events: Events
  sealer: Sealer
  egress: Egress
}

type Addressed = Task & { known: Stored | undefined; recipient: Recipient; readAt: number }

/** The worker of one node. */
export class Outbox {
  readonly #node: OutboxDependencies
  readonly #lanes = createLanes<Addressed>(
    (task) => this.#attempt(task).catch((error: unknown) => this.#complain(error)),
    limits,
    () => this.#laneIsFree(),
  )
  readonly #warn = complaints('notifications have to wait')
  #isOpen = true
  // a due notification found no free lane
  #isShort = false
  #onRoom = () => {}

  constructor(node: OutboxDependencies) {
    this.#node = node
    // a notification that this node made due does not wait for the next sweep
    node.events.subscribe((record, entry) => {
      if (isMadeDue(record, entry)) this.take([record])
    })
  }

  /** Calls back when a lane is free again, after a due notification found none. */
  onRoom(onRoom: () => void): void {
    this.#onRoom = onRoom
  }

  /** Sends due notifications; one that is queued already is not queued twice. */
  take(due: readonly Stored[]): void {
    for (const [clientId, records] of byClient(due)) void inBackground(() => this.#take(clientId, records))
  }

  /** Stops, after the attempts under way, or after ten seconds. */
  async close(): Promise<void> {
    this.#isOpen = false
    this.#lanes.clear()
    // an attempt that takes longer is repeated when its lease ends
    await within(drainSeconds, () => this.#lanes.idle()).catch(() => undefined)
    await this.#node.egress.close()
  }

  #laneIsFree(): void {
    if (this.#isShort) this.#onRoom()
    this.#isShort = false
  }

  // clients are read side by side: one that takes long, or is fetched from afar, holds up nobody else
  async #take(clientId: string, due: readonly Stored[]): Promise<void> {
    if (!this.#isOpen) return
    const addressed = await this.#address(clientId)
    if (!this.#isOpen) return
    // during a rolling deployment another node may know this client
    const ours = addressed.recipient.isUnknown ? due.filter(isLeftByOthers) : due
    const taken = ours.map((known) => this.#queue({ id: known.id, clientId, known, ...addressed }))
    if (taken.includes(false)) this.#isShort = true
  }

  #queue(task: Addressed): boolean {
    const isTaken = this.#lanes.take(task)
    // so many may wait that their records are not kept in memory: they are read again
    if (this.#lanes.size() > limits.total) task.known = undefined
    return isTaken
  }

  async #address(clientId: string): Promise<Pick<Addressed, 'host' | 'recipient' | 'readAt'>> {
    const readAt = performance.now()
    try {
      const client = await within(readSeconds, () => this.#node.provider.Client.find(clientId))
      return { ...recipientOf(client), readAt }
    } catch (error) {
      this.#complain(error)
      return { host: '', recipient: { fault: 'the client cannot be read' }, readAt }
    }
  }

  async #attempt({ id, clientId, ...taken }: Addressed): Promise<void> {
    const { records } = this.#node
    // while it waited, its client may have another endpoint, and another node may have sent it
    const isFresh = performance.now() < taken.readAt + readAgainSeconds * 1000
    const { recipient } = isFresh ? taken : await this.#address(clientId)
    const known = isFresh ? taken.known : undefined
    const begun = performance.now()
    const leased = await records.transit(id, leaseNotification(leaseSeconds), known)
    if (!leased?.notification) return
    const left = Math.floor(begun + attemptSeconds * 1000 - performance.now())
    // a process that was suspended longer than its lease must not send
    if (left <= 0) return
    const settlement: Settlement = await deliver(this.#node, leased, recipient, AbortSignal.timeout(left))
    await records.transit(id, settleNotification(leased.notification.fence, settlement), leased)
  }

  #complain(error: unknown): void {
    if (this.#isOpen) this.#warn(error)
  }
}

function isMadeDue({ notification }: Stored, { at }: HistoryEntry): boolean {
  if (notification?.status !== 'owed' || notification.leased) return false
  return notification.due !== undefined && notification.due <= at
}

function byClient(due: readonly Stored[]): Map<string, Stored[]> {
  const records = new Map<string, Stored[]>()
  for (const record of shuffled(due)) records.set(record.clientId, [...(records.get(record.clientId) ?? []), record])
  return records
}
