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

// everything about an attempt is over by then, so that nobody else has begun
const attemptSeconds = 9
const sweepSeconds = 1
const busySweepSeconds = 0.05
const drainSeconds = 10
const complaintSeconds = 60
const limits = { perHost: 16, perClient: 8, total: 1024, backlog: 128 }
const batch = 256

/** What the worker of one node needs. */
export interface Surroundings {
  provider: Provider
  store: DeferralStore
  sealer: Sealer
  egress: Egress
  clock: () => Date | undefined
  announce: (event: DeferralEvent, deferral: Deferral) => void
}

/** The worker of one node. */
export interface Outbox {
  /** what this node has just decided need not wait for the next sweep */
  wake(deferral: Deferral): void
  /** Stops, after the attempts under way, or after ten seconds. */
  close(): Promise<void>
}

type Addressed = Task & { recipient: Recipient }

/** Starts a worker. It keeps no process alive. */
export function startOutbox({ provider, store, sealer, egress, clock, announce }: Surroundings): Outbox {
  let isOpen = true
  let isMore = false
  let timer: NodeJS.Timeout
  let sweeping: Promise<void> | undefined
  const complain = complaint()
  const lanes = createLanes<Addressed>(
    (task) => attempt(task).catch(complain),
    limits,
    () => void sweepNow(),
  )

  async function attempt({ id, recipient }: Addressed): Promise<void> {
    const begun = performance.now()
    const claimed = await store.claimNotification(id, leaseSeconds, clock())
    if (!claimed?.notification) return
    const left = Math.floor(begun + attemptSeconds * 1000 - performance.now())
    // a node that slept through its lease has nothing to send
    if (left <= 0) return
    const signal = AbortSignal.timeout(left)
    const settlement = outdated(claimed) ?? (await deliver({ sealer, egress }, claimed, recipient, signal))
    const settled = await settle(id, claimed.notification.fence, settlement)
    if (settled && claimed.notification.status === 'owed') report(settled, settlement)
  }

  // the reply may be lost of a write that was made; a second attempt at it is cheaper than a second notification
  async function settle(id: string, fence: number, settlement: Settlement): Promise<DeferralRecord | undefined> {
    try {
      return await store.settleNotification(id, fence, settlement, clock())
    } catch {
      return await store.settleNotification(id, fence, settlement, clock())
    }
  }

  function report(settled: DeferralRecord, { status }: Settlement): void {
    if (status === 'delivered') announce('notified', describe(settled))
    if (status === 'failed') announce('notification_failed', describe(settled))
  }

  async function consider(due: DueNotification[]): Promise<void> {
    const clientIds = [...new Set(due.map(({ clientId }) => clientId))]
    const recipients = new Map(await Promise.all(clientIds.map(async (id) => [id, await recipientOf(id)] as const)))
    if (!isOpen) return
    for (const { id, clientId } of shuffled(due)) {
      const recipient = recipients.get(clientId) ?? {}
      const host = recipient.endpoint === undefined ? '' : hostOf(new URL(recipient.endpoint))
      lanes.take({ id, clientId, host, recipient })
    }
  }

  async function recipientOf(clientId: string): Promise<Recipient> {
    try {
      const client = await provider.Client.find(clientId)
      return { endpoint: client && endpointOf(client) }
    } catch (error) {
      complain(error)
      return { fault: 'the client cannot be read' }
    }
  }

  async function sweep(): Promise<void> {
    isMore = false
    try {
      const due = await store.dueNotifications({ limit: batch, except: lanes.saturated() }, clock())
      isMore = due.length === batch
      await consider(due)
    } catch (error) {
      complain(error)
    }
  }

  function sweepNow(): Promise<void> {
    sweeping ??= sweep().finally(() => {
      sweeping = undefined
    })
    return sweeping
  }

  function schedule(): void {
    if (!isOpen) return
    // nodes that started together do not go on together
    const pause = (isMore ? busySweepSeconds : sweepSeconds) * 1000 * (0.8 + 0.4 * Math.random())
    timer = setTimeout(() => void sweepNow().then(schedule), pause).unref()
  }

  schedule()
  return {
    wake({ id, clientId }) {
      if (isOpen) void consider([{ id, clientId }]).catch(complain)
    },
    async close() {
      isOpen = false
      clearTimeout(timer)
      lanes.clear()
      await Promise.race([lanes.idle(), pause(drainSeconds)])
      await egress.close()
    },
  }
}

// what is kept past its expiry is only to be erased
function outdated({ notification, expiresAt, readAt }: DeferralRecord): Settlement | undefined {
  if (expiresAt > readAt && notification?.status === 'owed') return undefined
  const { status, reason = 'the deferral expired', answer } = notification ?? {}
  return status === 'waiting' ? { status: 'suppressed' } : { status: 'failed', reason, answer }
}

// nodes that sweep at the same moment begin at different ends
function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000).unref())
}

// once a minute, however long the database is away
function complaint(): (error: unknown) => void {
  let complainedAt = Number.NEGATIVE_INFINITY
  return (error) => {
    if (performance.now() < complainedAt + complaintSeconds * 1000) return
    complainedAt = performance.now()
    process.emitWarning(`notifications have to wait: ${(error as Error)?.stack ?? error}`)
  }
}
