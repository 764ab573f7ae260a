import type { Db } from 'mongodb'
import type { Adapter } from 'oidc-provider'
import {
  type DeferralRecord,
  type DeferralStore,
  type DeferredTokenResponseOptions,
  type DeferringClientMetadata,
  memoryStore,
  type NotificationRecord,
} from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { notifiedAt } from '../support/clients.js'
import { type Clock, createClock } from '../support/clock.js'
import { testDatabase } from '../support/database.js'
import { type HeldDeferral, held } from '../support/deferral.js'
import { memoryAdapter } from '../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { type Arrival, type Behaviour, type Receiver, startReceiver, until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'

/** Where everything is kept. */
export interface Stock {
  store: DeferralStore
  adapter: (name: string) => Adapter
  drop(): Promise<void>
}

/** In memory, or in a database of its own. */
export const stocks = {
  async memory(): Promise<Stock> {
    return { store: memoryStore(), adapter: memoryAdapter(), async drop() {} }
  },
  async MongoDB(): Promise<Stock & { db: Db }> {
    const { db, drop } = await testDatabase()
    return { db, store: mongoStore(db), adapter: mongoAdapter(db), drop }
  },
}

/** Options of one node of a fleet. */
export type NodeOptions = DeferredTokenResponseOptions & {
  adapter?: (name: string) => Adapter
  /** that of the first node unless told */
  issuer?: string | undefined
}

/** Providers that have everything in common, and a receiver of what they send. */
export interface Fleet extends Stock {
  receiver: Receiver
  clock: Clock
  key: Uint8Array
  /** another node, closed with the fleet; members of `notification` are added to what reaches the receiver */
  start(options?: NodeOptions): Promise<TestProvider>
  /** a token request of this client that waits, which is known to have its handle */
  begin(op: TestProvider, clientId?: string): Promise<HeldDeferral>
  record(id: string): Promise<DeferralRecord>
  told(id: string): Promise<NotificationRecord>
  /** resolves when the notification got this far */
  settled(id: string, status: NotificationRecord['status']): Promise<NotificationRecord>
  heard(id: string): Arrival[]
  close(): Promise<void>
}

/** What differs from the plainest one. */
interface FleetOptions {
  behave?: Behaviour
  clients?: (receiver: Receiver) => DeferringClientMetadata[]
}

/** Starts a receiver, and no node yet. */
export async function startFleet(
  stock: Stock,
  { behave, clients = ({ endpoint }) => notifiedAt(endpoint) }: FleetOptions = {},
): Promise<Fleet> {
  const receiver = await startReceiver(behave)
  const clock = createClock()
  const key = new Uint8Array(32).fill(7)
  const nodes: TestProvider[] = []
  const record = async (id: string) => (await stock.store.find(id, clock.now())) as DeferralRecord
  const told = async (id: string) => (await record(id)).notification as NotificationRecord
  return {
    ...stock,
    receiver,
    clock,
    key,
    record,
    told,
    // nodes of one deployment have one issuer
    async start({ adapter = stock.adapter, issuer = nodes[0]?.issuer, notification, ...deferred } = {}) {
      const op = await startProvider({
        clock,
        ...(issuer !== undefined && { issuer }),
        configuration: { adapter, clients: clients(receiver) },
        deferred: {
          store: stock.store,
          keys: [key],
          defer: (_ctx, { profile, canWait }) => profile === 'oauth' && canWait,
          notification: { ...receiver.notification, ...notification },
          ...deferred,
        },
      })
      op.provider.setMaxListeners(0)
      nodes.push(op)
      return op
    },
    async begin(op, clientId = 'secret') {
      const begun = await held(op, relyingParty(op.origin, clientId), 'client_credentials')
      const id = begun.deferralCode.slice(0, 22)
      await until(async () => (await told(id)).notBefore <= new Date(clock.now().getTime() + 1000))
      return { ...begun, id }
    },
    async settled(id, status) {
      await until(async () => (await told(id)).status === status)
      return told(id)
    },
    heard: (id) => receiver.arrivals.filter(({ body }) => body.includes(id)),
    async close() {
      await Promise.all(nodes.map((op) => op.close()))
      await receiver.close()
      await stock.drop()
    },
  }
}
