/*
 * What was decided is told, whichever node decided it and whichever dies. The obligation is in the deferral itself; a worker leases it,
 * makes one attempt and writes what came of it. A lease is no more than the next due time, so a dead worker needs no sweeper.
 */
import type { Provider } from 'oidc-provider'
import { type Deferral, type DeferralRecord, describe } from '../deferral/deferral.js'
import type { DeferralEvent } from '../deferral/deferrals.js'
import { leaseSeconds, type NotificationRecord, type Settlement } from '../deferral/notification.js'
import type { DeferralStore, DueNotification, DueQuery } from '../deferral/store.js'
import { inBackground } from './background.js'
import { deliver, type Recipient } from './delivery.js'
import type { Egress } from './egress.js'
import { createLanes, type Task } from './lanes.js'
import { type Due, isLeftByOthers, recipientOf } from './recipient.js'
import { type Rounds, startRounds } from './rounds.js'
import type { Sealer } from './sealed.js'
import { within } from './within.js'

// everything about an attempt is over by then, so that nobody else has begun
const attemptSeconds = 9
const readSeconds = 3
const readAgainSeconds = 1
const drainSeconds = 10
const complaintSeconds = 60
const limits = { perHost: 16, perClient: 8, total: 1024, backlog: 128, clients: 4096 }
const batch = 256

/** What the worker of one node needs. */
export interface OutboxSurroundings {
  provider: Provider
  store: DeferralStore
  sealer: Sealer
  egress: Egress
  clock: () => Date | undefined
  announce: (event: DeferralEvent, deferral: Deferral) => void
}

/** As much of a deferral as is needed to say what became of its notification. */
type Leased = Pick<DeferralRecord, 'id' | 'expiresAt' | 'readAt'> & {
  notification?: Pick<NotificationRecord, 'status' | 'fence' | 'reason' | 'answer'>
}

type Addressed = Task & { recipient: Recipient; readAt: number }

/** The worker of one node. It begins at once, and keeps no process alive. */
export class Outbox {
  readonly #node: OutboxSurroundings
  readonly #lanes = createLanes<Addressed>(
    (task) => this.#attempt(task).catch((error: unknown) => this.#complain(error)),
    limits,
    () => this.#onRoom(),
  )
  readonly #rounds: Rounds
  #isOpen = true
  #after: DueQuery['after']
  // something was due that there was no room for
  #isShort = false
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(node: OutboxSurroundings) {
    this.#node = node
    this.#rounds = startRounds(() => this.#sweep())
  }

  /** What this node has just decided need not wait for the next sweep. */
  wake({ id, clientId }: Deferral): void {
    if (this.#isOpen) void inBackground(() => this.#take(clientId, [{ id }]))
  }

  /** Stops, after the attempts under way, or after ten seconds. */
  async close(): Promise<void> {
    this.#isOpen = false
    const swept = this.#rounds.close()
    this.#lanes.clear()
    // what takes longer is left to the lease
    await within(drainSeconds, () => Promise.all([swept, this.#lanes.idle()])).catch(() => undefined)
    await this.#node.egress.close()
  }

  #onRoom(): void {
    if (this.#isShort) this.#rounds.hurry()
    this.#isShort = false
  }

  // page by page through all that is due, so that what there is no room for hides nothing
  async #sweep(): Promise<boolean> {
    const { store, clock } = this.#node
    try {
      const query = { after: this.#after, limit: batch }
      const due = await within(leaseSeconds, () => store.dueNotifications(query, clock()))
      const last = due.length === batch ? due.at(-1) : undefined
      this.#after = last && { due: last.notification.due, id: last.id }
      const [expired, owed] = partition(due)
      for (const record of expired) void this.#expire(record).catch((error: unknown) => this.#complain(error))
      for (const [clientId, owedTo] of byClient(owed)) void this.#take(clientId, owedTo)
      return last !== undefined
    } catch (error) {
      this.#complain(error)
      return false
    }
  }

  // clients are read side by side: one that takes long, or is fetched from afar, holds up nobody else
  async #take(clientId: string, due: Due[]): Promise<void> {
    const addressed = await this.#address(clientId)
    if (!this.#isOpen) return
    // during a rolling deployment another node may know this client
    const ours = addressed.recipient.isUnknown ? due.filter(isLeftByOthers) : due
    const taken = ours.map(({ id }) => this.#lanes.take({ id, clientId, ...addressed }))
    if (taken.includes(false)) this.#isShort = true
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
    const { store, clock } = this.#node
    // it may have waited, and its client may have moved meanwhile
    const isFresh = performance.now() < taken.readAt + readAgainSeconds * 1000
    const { recipient } = isFresh ? taken : await this.#address(clientId)
    const begun = performance.now()
    const claimed = await store.claimNotification(id, leaseSeconds, clock())
    if (!claimed?.notification) return
    const left = Math.floor(begun + attemptSeconds * 1000 - performance.now())
    // a node that slept through its lease has nothing to send
    if (left <= 0) return
    if (isExpired(claimed)) return this.#expire(claimed)
    await this.#settle(claimed, await deliver(this.#node, claimed, recipient, AbortSignal.timeout(left)))
  }

  // what is kept past its expiry is only to be erased
  async #expire(record: Leased): Promise<void> {
    const { status, reason = 'the deferral expired', answer } = record.notification ?? {}
    await this.#settle(record, status === 'waiting' ? { status: 'suppressed' } : { status: 'failed', reason, answer })
  }

  async #settle(record: Leased, settlement: Settlement): Promise<void> {
    const settled = await this.#write(record, settlement)
    if (settled && record.notification?.status === 'owed') this.#report(settled, settlement)
  }

  // the reply may be lost of a write that was made; a second attempt at it is cheaper than a second notification
  async #write({ id, notification }: Leased, settlement: Settlement): Promise<DeferralRecord | undefined> {
    const { store, clock } = this.#node
    const write = () => store.settleNotification(id, notification?.fence ?? 0, settlement, clock())
    return write().catch(write)
  }

  #report(settled: DeferralRecord, { status }: Settlement): void {
    const { announce } = this.#node
    if (status === 'delivered') announce('notified', describe(settled))
    if (status === 'failed') announce('notification_failed', describe(settled))
  }

  // once a minute, however long the database is away
  #complain(error: unknown): void {
    if (!this.#isOpen || performance.now() < this.#complainedAt + complaintSeconds * 1000) return
    this.#complainedAt = performance.now()
    const { message = String(error), cause } = Object(error) as Error
    const told = cause instanceof Error ? `${message}: ${cause.message}` : message
    process.emitWarning(`notifications have to wait: ${told}`)
  }
}

function isExpired({ expiresAt, readAt }: Leased): boolean {
  return expiresAt <= readAt
}

function partition(due: DueNotification[]): [expired: DueNotification[], owed: DueNotification[]] {
  return [due.filter(isExpired), due.filter((record) => !isExpired(record))]
}

function byClient(due: DueNotification[]): Map<string, DueNotification[]> {
  const records = new Map<string, DueNotification[]>()
  for (const record of shuffled(due)) records.set(record.clientId, [...(records.get(record.clientId) ?? []), record])
  return records
}

// nodes that sweep at the same moment begin at different ends
function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
