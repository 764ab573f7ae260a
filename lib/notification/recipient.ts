import type { Client } from 'oidc-provider'
import type { Stored } from '../deferral/store.js'
import type { Recipient } from './delivery.js'
import { hostOf } from './egress_rules.js'

/** Client metadata of both drafts: where a client wants to be notified (C-X01). */
export const notificationEndpoint = 'deferred_client_notification_endpoint'

// some sweeps of the nodes that know the client
const othersFirstSeconds = 3

/** Where this client wants to be notified, as its metadata has it: a stored client was not looked at by the plugin. */
export function endpointOf(client: Client): unknown {
  return client[notificationEndpoint] ?? undefined
}

/** Whom to notify, and which host that is at, where it can be told. */
export function recipientOf(client: Client | undefined): { host: string; recipient: Recipient } {
  if (!client) return { host: '', recipient: { fault: 'this node does not know the client', isUnknown: true } }
  const endpoint = endpointOf(client)
  const isUrl = typeof endpoint === 'string' && URL.canParse(endpoint)
  return { host: isUrl ? hostOf(new URL(endpoint)) : '', recipient: { endpoint } }
}

/** Whether a notification has been due for so long that no node seems to know its client. */
export function isLeftByOthers({ notification, readAt }: Stored): boolean {
  return readAt.getTime() > Number(notification?.due) + othersFirstSeconds * 1000
}
