import type { Client } from 'oidc-provider'
import type { Stored } from '../deferral/store.js'
import { isUrl } from '../deferral/url.js'
import type { Recipient } from './delivery.js'
import { hostOf } from './egress/rules.js'

/** Client metadata of both drafts: where a client wants to be notified (C-X01). */
export const notificationEndpoint = 'deferred_client_notification_endpoint'

// the nodes that know the client get a few sweeps first
const othersFirstSeconds = 3

/** Where this client wants to be notified, as its metadata has it: the plugin has not checked a stored client. */
export function endpointOf(client: Client): unknown {
  return client[notificationEndpoint] ?? undefined
}

/** The recipient and the host of its endpoint; an empty host where there is none. */
export function recipientOf(client: Client | undefined): { host: string; recipient: Recipient } {
  if (!client) return { host: '', recipient: { fault: 'this node does not know the client', isUnknown: true } }
  const endpoint = endpointOf(client)
  const hasHost = typeof endpoint === 'string' && isUrl(endpoint)
  return { host: hasHost ? hostOf(new URL(endpoint)) : '', recipient: { endpoint } }
}

/** Whether a notification has been due for so long that no node seems to know its client. */
export function isLeftByOthers({ notification, readAt }: Stored): boolean {
  return readAt.getTime() > Number(notification?.due) + othersFirstSeconds * 1000
}
