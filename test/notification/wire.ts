import { randomBytes } from 'node:crypto'
import {
  type DeferralStore,
  type DeferredTokenResponseOptions,
  type DeferringClientMetadata,
  memoryStore,
  type NotificationOptions,
  type NotificationRecord,
  type Profile,
} from 'oidc-provider-deferred'
import { notifiedAt } from '../support/clients.js'
import { held, pollDeferral, revoke } from '../support/deferral.js'
import { waiting } from '../support/journey.js'
import { startProvider, type TestOptions, type TestProvider } from '../support/provider.js'
import { type Arrival, answering, type Behaviour, type Receiver, startReceiver, until } from '../support/receiver.js'
import { type Answer, type RelyingParty, relyingParty } from '../support/relying_party.js'

/** Both forms of the protocol, whose notifications differ in the name of the handle. */
export const profiles = ['openid', 'oauth'] as const satisfies Profile[]

export const handleName = { openid: 'deferred_auth_id', oauth: 'deferral_code' }
const tokenName = { openid: 'deferred_notification_token', oauth: 'client_notification_token' }

/** A deferral whose client waits. */
export interface Begun {
  profile: Profile
  id: string
  handle: string
  rp: RelyingParty
  /** at the node that listens there, or at the one it began with */
  poll(origin?: string): Promise<Answer>
  /** the client gives up what it waits for, by the endpoint for revocation */
  revoke(): Promise<Answer>
}

/** Whose deferral, and what it asks to be notified with. */
export interface Beginning {
  clientId?: string
  token?: string
  /** anything else in the request that hands out the handle */
  params?: Record<string, string>
}

/** A provider that notifies its clients at one receiver, and what the receiver heard of each deferral. */
export interface Wire {
  op: TestProvider
  receiver: Receiver
  store: DeferralStore
  begin(profile: Profile, beginning?: Beginning): Promise<Begun>
  /** resolves when the client is known to have its handle */
  armed(id: string): Promise<void>
  heard(id: string): Arrival[]
  /** what is done with the n-th notification of this deferral, 1 for the first; 204 unless told */
  answer(id: string, behave: Behaviour): void
  kept(id: string): Promise<NotificationRecord | undefined>
  /** resolves when the notification got this far */
  settled(id: string, ...statuses: NotificationRecord['status'][]): Promise<NotificationRecord>
  /** resolves when the n-th attempt is over */
  over(id: string, attempt: number): Promise<void>
  /** resolves when a sweep has gone by, and so everything that is due in two seconds */
  swept(): Promise<void>
  close(): Promise<void>
}

/** What differs from the plainest one. */
export interface WireOptions extends Omit<TestOptions, 'deferred'> {
  deferred?: DeferredTokenResponseOptions
  clients?: (endpoint: string) => DeferringClientMetadata[]
  /** beside what it takes to reach the receiver */
  notification?: NotificationOptions
}

/** An endpoint of its own per client, with a query. */
export const endpoints = (endpoint: string): DeferringClientMetadata[] =>
  notifiedAt(endpoint).map((client) => ({
    ...client,
    deferred_client_notification_endpoint: `${endpoint}/${client.client_id}?from=op`,
  }))

/** Starts both. */
export async function startWire({
  deferred,
  clients = endpoints,
  notification,
  ...options
}: WireOptions = {}): Promise<Wire> {
  const receiver = await startReceiver()
  const store = deferred?.store ?? memoryStore()
  const op = await startProvider({
    ...options,
    configuration: { clients: clients(receiver.endpoint), ...options.configuration },
    deferred: {
      keys: [randomBytes(32)],
      notification: { ...receiver.notification, ...notification },
      defer: (_ctx, { profile, canWait }) => profile === 'oauth' && canWait,
      ...deferred,
      store,
    },
  })
  // many deferrals may begin at once
  op.provider.setMaxListeners(0)
  const behaviours = new Map<string, Behaviour>()
  const heard = (id: string) => receiver.arrivals.filter(({ body }) => body.includes(id))
  receiver.behave = (response, arrival, _n, request) => {
    const id = idIn(arrival)
    const behave = behaviours.get(id) ?? answering(204)
    behave(response, arrival, heard(id).length, request)
  }
  const now = () => deferred?.now?.() ?? op.clock.now()
  const kept = async (id: string) => (await store.find(id, now()))?.notification
  const wire: Wire = {
    op,
    receiver,
    store,
    heard,
    kept,
    answer: (id, behave) => void behaviours.set(id, behave),
    async begin(profile, { clientId = 'secret', token, params } = {}) {
      const told = token === undefined ? {} : { [tokenName[profile]]: token }
      const begun = await begin(op, relyingParty(op.issuer, clientId), profile, { ...told, ...params })
      await wire.armed(begun.id)
      return begun
    },
    async armed(id) {
      await until(async () => {
        const notification = await kept(id)
        return !notification || notification.notBefore.getTime() <= now().getTime() + 1000
      })
    },
    async settled(id, ...statuses) {
      await until(async () => statuses.includes((await kept(id))?.status as NotificationRecord['status']))
      return (await kept(id)) as NotificationRecord
    },
    async over(id, attempt) {
      await until(async () => {
        const { status, due, attempts } = (await kept(id)) as NotificationRecord
        // a lease is ten seconds, and no pause of the schedule is
        const isUnderWay = status === 'owed' && due?.getTime() === now().getTime() + 10_000
        return attempts === attempt && !isUnderWay
      })
    },
    async swept() {
      const { id } = await wire.begin('oauth', { clientId: 'other' })
      await op.provider.deferrals.approve(id)
      // held back: nobody is woken, and only a sweep finds it
      op.clock.advance(2)
      await wire.settled(id, 'delivered')
    },
    async close() {
      await op.close()
      await receiver.close()
    },
  }
  return wire
}

async function begin(
  op: TestProvider,
  rp: RelyingParty,
  profile: Profile,
  params: Record<string, string>,
): Promise<Begun> {
  const handle =
    profile === 'openid'
      ? (await waiting(op, rp, { params })).handle
      : (await held(op, rp, 'client_credentials', { params })).deferralCode
  return {
    profile,
    // others may begin at the same time
    id: handle.slice(0, 22),
    handle,
    rp,
    poll(origin = op.issuer) {
      const at = relyingParty(origin, rp.clientId)
      return profile === 'openid' ? at.poll(handle) : pollDeferral(at, handle)
    },
    revoke: () => revoke(rp, handle),
  }
}

function idIn({ body }: Arrival): string {
  return String(Object.values(JSON.parse(body) as object)[0]).slice(0, 22)
}
