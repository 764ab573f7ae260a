import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { type RecordingReceiver, recordingReceiver } from 'oidc-provider-deferred/testing'
import { afterAll, beforeAll } from 'vitest'
import { notifiedAt, oauthGrantType } from '../support/clients.js'
import { deferred } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { type Answer, type RelyingParty, relyingParty } from '../support/relying_party.js'

const notificationToken = 'a-notification-token-of-the-client'

/** A deferral, and the next poll of its client. */
export interface Case {
  id: string
  poll(): Promise<Answer>
}

/** A provider that notifies its clients, and one of these. */
export interface Deployment {
  op: TestProvider
  rp: RelyingParty
  store: DeferralStore
  receiver: RecordingReceiver
  /** A request of the openid profile, exchanged. */
  openid(): Promise<Case>
  /** A token request of the oauth profile, in the queue `payments`. */
  oauth(): Promise<Case>
  /** Resolves when the notification is delivered. */
  notified(deferral: Case): Promise<void>
}

/** The same for the tests of a file. */
export function useDeployment(): Deployment {
  const deployment = {} as Deployment
  beforeAll(async () => {
    const receiver = await recordingReceiver()
    const store = memoryStore()
    const op = await startProvider({
      configuration: { clients: notifiedAt(receiver.endpoint) },
      deferred: {
        store,
        keys: [Buffer.alloc(32, 1)],
        notification: receiver.notification,
        defer: (_ctx, { canWait, profile }) =>
          canWait && (profile === 'openid' ? true : { queue: 'payments', title: 'a payment to the person' }),
      },
    })
    Object.assign(deployment, { op, store, receiver, rp: relyingParty(op.issuer) })
  })
  afterAll(async () => {
    await deployment.op?.close()
    await deployment.receiver?.close()
  })
  return Object.assign(deployment, methodsOf(deployment))
}

function methodsOf(deployment: Deployment): Pick<Deployment, 'openid' | 'oauth' | 'notified'> {
  // past the interval, and past the time before which no notification leaves
  const later = () => deployment.op.clock.advance(60)
  return {
    async openid() {
      const { op, rp } = deployment
      const { code, id } = await deferred(op, rp)
      const { body } = await rp.exchange(code, { deferred_notification_token: notificationToken })
      const poll = () => {
        later()
        return rp.poll(body.deferred_auth_id)
      }
      return { id, poll }
    },
    async oauth() {
      const { rp } = deployment
      const { body } = await rp.token({
        grant_type: 'client_credentials',
        completion_mode: 'deferred',
        client_notification_token: notificationToken,
      })
      const poll = () => {
        later()
        return rp.token({ grant_type: oauthGrantType, deferral_code: body.deferral_code })
      }
      return { id: body.deferral_code.slice(0, 22), poll }
    },
    async notified({ id }) {
      later()
      const { deferrals } = deployment.op.provider
      await until(async () => (await deferrals.get(id))?.notification?.status === 'delivered')
    },
  }
}
