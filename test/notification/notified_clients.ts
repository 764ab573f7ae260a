import type { Deferral, DeferredConfiguration, NotificationOptions } from 'oidc-provider-deferred'
import { oauthGrantType } from '../support/clients.js'
import { memoryAdapter } from '../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'

/** A provider whose clients come and go, and all of whose token requests wait. */
export interface NotifyingProvider extends TestProvider {
  /** keeps a client with this endpoint, whatever a registration would say of it */
  keep(clientId: string, endpoint: string): Promise<void>
  /** a deferral of this client that may be told of at once, by its id */
  held(clientId: string): Promise<string>
  /** what became of a notification, once its attempts are over */
  attempted(id: string, attempts?: number): Promise<Told>
}

type Told = NonNullable<Deferral['notification']>

const clientSecret = 'a secret of a client that is notified'

/** A client that asks for itself alone; `endpoint` may be one that no registration would take. */
export const notified = (clientId: string, endpoint: string) => ({
  client_id: clientId,
  client_secret: clientSecret,
  grant_types: ['client_credentials', oauthGrantType],
  response_types: [],
  redirect_uris: [],
  deferred_client_notification_endpoint: endpoint,
})

/** Starts one with these options for notifications. */
export async function startNotifying(
  notification: NotificationOptions,
  { issuer, configuration = {} }: { issuer?: string; configuration?: DeferredConfiguration } = {},
): Promise<NotifyingProvider> {
  const adapter = memoryAdapter()
  const op = await startProvider({
    configuration: { adapter, ...configuration },
    deferred: { defer: () => true, keys: [Buffer.alloc(32, 1)], notification },
    ...(issuer !== undefined && { issuer }),
  })
  return {
    ...op,
    async keep(clientId, endpoint) {
      await adapter('Client').upsert(clientId, notified(clientId, endpoint) as never, 0)
    },
    async held(clientId) {
      const { body, status } = await deferralOf(op.origin, clientId)
      if (!body.deferral_code) throw new Error(`not deferred: ${status} ${JSON.stringify(body)}`)
      const { deferrals } = await op.provider.deferrals.list({ clientId, limit: 1 })
      // past the moment before which the client may not have its answer
      op.clock.advance(20)
      return deferrals[0]!.id
    },
    async attempted(id, attempts = 1) {
      let told: Told | undefined
      await until(async () => {
        told = (await op.provider.deferrals.get(id))?.notification
        return told?.attempts === attempts && !isUnderWay(told)
      })
      return told!
    },
  }
}

function isUnderWay({ status, nextAttemptAt }: Told): boolean {
  return status === 'owed' && nextAttemptAt === undefined
}

/** The answer to a token request of one of these clients. */
export async function deferralOf(origin: string, clientId: string) {
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':')
  const response = await fetch(`${origin}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', completion_mode: 'deferred' }),
  })
  return { status: response.status, body: (await response.json()) as { deferral_code?: string } }
}
