/*
 * Sends the notifications that are `owed`. Each is stored in its deferral. A worker leases it, makes one attempt and writes the
 * result. A lease is only the next due time: the lease of a dead worker ends by itself.
 */
import type { Provider } from 'oidc-provider'
import type { Events } from '../deferral/events.js'
import { type Channel, channels, dueChannels, leaseSeconds, type Settlement } from '../deferral/notification.js'
import { leaseNotification, returnNotification, settleNotification } from '../deferral/notification_transitions.js'
import type { Records } from '../deferral/records.js'
import type { Stored } from '../deferral/store.js'
import { inBackground } from './background.js'
import { within, withSignal } from './deadline.js'
import { deliver, type Recipient } from './delivery.js'
import type { Egress } from './egress/egress.js'
import { isLongDue, recipientOf } from './endpoint.js'
import { createLanes } from './lanes.js'
import type { Sealer } from './sealer.js'
import { shuffle } from './shuffle.js'
import type { Lane, Task } from './slots.js'
import { tracedAttempt } from './traced_attempt.js'
import { rareWarning } from './warnings.js'

// an attempt ends before its lease, so that two nodes never make one at the same time
const attemptSeconds = 9
const readSeconds = 3
// milliseconds
const quickAnswer = 500
const longestWait = 3000
const readAgainSeconds = 1
const drainSeconds = 10
const limits = { perHost: 16, perClient: 8, total: 1024, backlog: 128, clients: 4096 }

/** The dependencies of a worker. */
export interface OutboxDependencies {
  provider: Provider
  records: Records
  events: Events
  sealer: Sealer
  egress: Egress
}

type OutboxTask = Task & {
  channel: Channel
  deferralId: string
  /** the client; `clientId` is that of the lanes */
  owner: string
  snapshot: Stored | undefined
  recipient: Recipient
  readAt: number
}
type Address = Pick<OutboxTask, 'host' | 'recipient' | 'readAt'>

/** The worker of one node. */
export class Outbox {
  readonly #node: OutboxDependencies
  readonly #lanes = createLanes<OutboxTask>(
    (task, lane) => this.#attempt(task, lane).catch((error: unknown) => this.#warnWhileOpen(error)),
    limits,
    () => this.#laneIsFree(),
    ({ clientId }) => this.#quick.has(clientId),
  )
  // clients whose last attempt ended within `quickAnswer`: their next notification is leased while one is sent
  readonly #quick = new Set<string>()
  readonly #warn = rareWarning('notifications have to wait')
  #isOpen = true
  // a due notification has found no free lane
  #isFull = false
  #onRoom = () => {}

  constructor(node: OutboxDependencies) {
    this.#node = node
    // a notification that this node made due does not wait for the next sweep
    node.events.subscribe((record, entry) => {
      if (dueChannels(record, entry.at).length > 0) this.take([record], entry.at)
    })
  }

  /** Calls back when a lane is free again, after a due notification found none. */
  onRoom(onRoom: () => void): void {
    this.#onRoom = onRoom
  }

  /** Sends notifications that are due now, by default when they were read. One that is already queued is not queued twice. */
  take(due: readonly Stored[], now?: Date): void {
    for (const [clientId, records] of byClient(due)) {
      inBackground(() => this.#take(clientId, records, now)).catch((error: unknown) => this.#warnWhileOpen(error))
    }
  }

  /** Stops. Waits for the attempts under way, ten seconds at most. */
  async close(): Promise<void> {
    this.#isOpen = false
    this.#lanes.clear()
    // an attempt that takes longer is repeated when its lease ends
    await within(drainSeconds, () => this.#lanes.idle()).catch(() => undefined)
    await this.#node.egress.close()
  }

  #laneIsFree(): void {
    if (this.#isFull) this.#onRoom()
    this.#isFull = false
  }

  // clients are read in parallel: a slow look-up, such as that of a metadata document, delays no other client
  async #take(clientId: string, due: readonly Stored[], now?: Date): Promise<void> {
    if (!this.#isOpen) return
    for (const channel of channels) {
      const records = due.filter((record) => dueChannels(record, now ?? record.readAt).includes(channel))
      if (records.length > 0) await this.#takeAll(clientId, channel, records)
    }
  }

  async #takeAll(clientId: string, channel: Channel, due: readonly Stored[]): Promise<void> {
    const addressed = await this.#address(clientId, channel)
    if (!this.#isOpen) return
    // during a rolling deployment another node may know this client
    const records = addressed.recipient.isUnknown ? due.filter((record) => isLongDue(record, channel)) : due
    const results = records.map((snapshot) => {
      const { id } = snapshot
      const lane = { id: `${channel} ${id}`, clientId: laneClient(clientId, channel) }
      return this.#queue({ ...lane, deferralId: id, owner: clientId, channel, snapshot, ...addressed })
    })
    if (results.includes(false)) this.#isFull = true
  }

  #queue(task: OutboxTask): boolean {
    const isTaken = this.#lanes.take(task)
    // a long queue must not keep its records in memory: the attempt reads the record again
    if (this.#lanes.size() > limits.total) task.snapshot = undefined
    return isTaken
  }

  async #address(clientId: string, channel: Channel): Promise<Address> {
    const readAt = performance.now()
    try {
      const client = await within(readSeconds, () => this.#node.provider.Client.find(clientId))
      return { ...recipientOf(client, channel), readAt }
    } catch (error) {
      this.#warnWhileOpen(error)
      return { host: '', recipient: { fault: 'the client cannot be read' }, readAt }
    }
  }

  async #attempt(task: OutboxTask, lane: Lane): Promise<void> {
    const { records } = this.#node
    const { deferralId: id, channel, owner } = task
    // after a long time in the queue the client may have another endpoint, and another node may have sent the notification
    const isFresh = performance.now() < task.readAt + readAgainSeconds * 1000
    const { recipient } = isFresh ? task : await this.#address(owner, channel)
    const snapshot = isFresh ? task.snapshot : undefined
    const startedAt = performance.now()
    const leased = await records.transitInBatch(id, leaseNotification(leaseSeconds, channel), snapshot)
    const notification = leased?.[channel]
    if (!notification) return
    if (!(await this.#enter(task, lane))) {
      await records.transitInBatch(id, returnNotification(notification.fence, channel), leased)
      return
    }
    const remaining = Math.floor(startedAt + attemptSeconds * 1000 - performance.now())
    // a process that was suspended longer than its lease must not send
    if (remaining <= 0) return
    const settlement = await this.#deliver(leased, { ...recipient, channel }, remaining)
    // a lane guards the receiver: the next attempt does not wait for the write
    lane.leave()
    await records.transitInBatch(id, settleNotification(notification.fence, settlement, channel), leased)
  }

  /** Waits for the lane. `false`: it took so long that another node may be faster. */
  async #enter({ clientId }: OutboxTask, lane: Lane): Promise<boolean> {
    const startedAt = performance.now()
    await lane.enter()
    if (performance.now() < startedAt + longestWait) return true
    this.#quick.delete(clientId)
    return false
  }

  async #deliver(leased: Stored, recipient: Recipient & { channel: Channel }, remaining: number): Promise<Settlement> {
    const client = laneClient(leased.clientId, recipient.channel)
    const startedAt = performance.now()
    const settlement = await tracedAttempt(leased, recipient.channel, () =>
      withSignal(remaining, (signal) => deliver(this.#node, leased, recipient, signal)),
    )
    if (this.#quick.size >= limits.clients || performance.now() > startedAt + quickAnswer) this.#quick.delete(client)
    else this.#quick.add(client)
    return settlement
  }

  #warnWhileOpen(error: unknown): void {
    if (this.#isOpen) this.#warn(error)
  }
}

// one endpoint of a client must not wait for the other one
function laneClient(clientId: string, channel: Channel): string {
  return channel === 'ping' ? `ping ${clientId}` : clientId
}

function byClient(due: readonly Stored[]): Map<string, Stored[]> {
  const records = new Map<string, Stored[]>()
  for (const record of shuffle(due)) records.set(record.clientId, [...(records.get(record.clientId) ?? []), record])
  return records
}
