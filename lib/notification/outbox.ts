/*
 * What was decided is told, whichever node decided it and whichever dies. The obligation is in the deferral itself; a worker leases it,
 * makes one attempt and writes what came of it. A lease is no more than the next due time, so a dead worker needs no sweeper.
 */
import type { Provider } from 'oidc-provider'
import { type Deferral, type DeferralRecord, describe } from '../deferral/deferral.js'
import type { DeferralEvent } from '../deferral/deferrals.js'
import { leaseSeconds, type Settlement } from '../deferral/notification.js'
import type { DeferralStore, DueNotification } from '../deferral/store.js'
import { deliver, type Recipient } from './delivery.js'
import type { Egress } from './egress.js'
import { hostOf } from './egress_rules.js'
import { createLanes, type Task } from './lanes.js'
import { endpointOf } from './recipient.js'
import type { Sealer } from './sealed.js'
import { within } from './within.js'

// everything about an attempt is over by then, so that nobody else has begun
const attemptSeconds = 9
const readSeconds = 3
const readAgainSeconds = 1
const sweepSeconds = 1
const busySweepSeconds = 0.01
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

type Addressed = Task & { recipient: Recipient; readAt: number }

/** The worker of one node. It begins at once, and keeps no process alive. */
export class Outbox {
  readonly #node: OutboxSurroundings
  readonly #reading = new Set<string>()
  readonly #lanes = createLanes<Addressed>(
    (task) => this.#attempt(task).catch((error: unknown) => this.#complain(error)),
    limits,
    () => this.#onRoom(),
  )
  #isOpen = true
  // the last sweep left something out that may be due as well
  #isShort = false
  #tookSeconds = 0
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<void> | undefined
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(node: OutboxSurroundings) {
    this.#node = node
    this.#schedule(sweepSeconds)
  }

  /** What this node has just decided need not wait for the next sweep. */
  wake({ id, clientId }: Deferral): void {
    if (this.#isOpen) void this.#take(clientId, [id])
  }

  /** Stops, after the attempts under way, or after ten seconds. */
  async close(): Promise<void> {
    this.#isOpen = false
    clearTimeout(this.#timer)
    this.#lanes.clear()
    // what takes longer is left to the lease
    await within(drainSeconds, () => Promise.all([this.#sweeping, this.#lanes.idle()])).catch(() => undefined)
    await this.#node.egress.close()
  }

  // nodes that started together do not go on together; and a sweep that is hard work is done less often
  #schedule(seconds: number): void {
    clearTimeout(this.#timer)
    if (!this.#isOpen) return
    const pause = Math.max(seconds * (0.8 + 0.4 * Math.random()), 4 * this.#tookSeconds)
    this.#timer = setTimeout(() => this.#turn(), pause * 1000).unref()
  }

  #turn(): void {
    const begun = performance.now()
    this.#sweeping = this.#sweep().then((isMore) => {
      this.#sweeping = undefined
      this.#tookSeconds = (performance.now() - begun) / 1000
      this.#schedule(isMore ? busySweepSeconds : sweepSeconds)
    })
  }

  #onRoom(): void {
    if (!this.#isShort || this.#sweeping) return
    this.#isShort = false
    this.#schedule(busySweepSeconds)
  }

  async #sweep(): Promise<boolean> {
    const { store, clock } = this.#node
    try {
      const except = [...this.#lanes.saturated(), ...this.#reading]
      const due = await within(leaseSeconds, () => store.dueNotifications({ limit: batch, except }, clock()))
      const isMore = due.length === batch
      this.#isShort = isMore || except.length > 0
      for (const [clientId, ids] of byClient(due)) void this.#take(clientId, ids)
      return isMore
    } catch (error) {
      this.#complain(error)
      return false
    }
  }

  // clients are read side by side: one that takes long, or is fetched from afar, holds up nobody else
  async #take(clientId: string, ids: string[]): Promise<void> {
    this.#reading.add(clientId)
    const addressed = await this.#address(clientId)
    this.#reading.delete(clientId)
    if (!this.#isOpen) return
    for (const id of ids) this.#lanes.take({ id, clientId, ...addressed })
  }

  async #address(clientId: string): Promise<Pick<Addressed, 'host' | 'recipient' | 'readAt'>> {
    const readAt = performance.now()
    try {
      const client = await within(readSeconds, () => this.#node.provider.Client.find(clientId))
      const endpoint = client && endpointOf(client)
      return { host: endpoint === undefined ? '' : hostOf(new URL(endpoint)), recipient: { endpoint }, readAt }
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
    const settlement = outdated(claimed) ?? (await deliver(this.#node, claimed, recipient, AbortSignal.timeout(left)))
    const settled = await this.#settle(id, claimed.notification.fence, settlement)
    if (settled && claimed.notification.status === 'owed') this.#report(settled, settlement)
  }

  // the reply may be lost of a write that was made; a second attempt at it is cheaper than a second notification
  async #settle(id: string, fence: number, settlement: Settlement): Promise<DeferralRecord | undefined> {
    const { store, clock } = this.#node
    try {
      return await store.settleNotification(id, fence, settlement, clock())
    } catch {
      return await store.settleNotification(id, fence, settlement, clock())
    }
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

// what is kept past its expiry is only to be erased
function outdated({ notification, expiresAt, readAt }: DeferralRecord): Settlement | undefined {
  if (expiresAt > readAt && notification?.status === 'owed') return undefined
  const { status, reason = 'the deferral expired', answer } = notification ?? {}
  return status === 'waiting' ? { status: 'suppressed' } : { status: 'failed', reason, answer }
}

// nodes that sweep at the same moment begin at different ends
function byClient(due: DueNotification[]): Map<string, string[]> {
  const ids = new Map<string, string[]>()
  for (const { id, clientId } of shuffled(due)) ids.set(clientId, [...(ids.get(clientId) ?? []), id])
  return ids
}

function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
