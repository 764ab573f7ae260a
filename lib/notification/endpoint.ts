import type { Client } from 'oidc-provider'
import type { Channel } from '../deferral/notification.js'
import { parseUrl } from '../deferral/parse_url.js'
import type { Stored } from '../deferral/store.js'
import type { Recipient } from './delivery.js'
import { hostnameOf } from './egress/rules.js'

/** Client metadata of both drafts: the URL for notifications (C-X01). */
export const notificationEndpoint = 'deferred_client_notification_endpoint'

// nodes that know the client have this time to send it
const othersFirstSeconds = 3

/** The endpoint in the client's metadata. The plugin has not checked a stored client, so it may be any value. */
export function endpointOf(client: Client, channel: Channel = 'notification'): unknown {
  if (channel === 'notification') return client[notificationEndpoint] ?? undefined
  return client.backchannelTokenDeliveryMode === 'ping' ? client.backchannelClientNotificationEndpoint : undefined
}

/** The recipient and the host of its endpoint; the host is empty if there is none. */
export function recipientOf(client: Client | undefined, channel: Channel): { host: string; recipient: Recipient } {
  if (!client) return { host: '', recipient: { fault: 'this node does not know the client', isUnknown: true } }
  const endpoint = endpointOf(client, channel)
  const url = typeof endpoint === 'string' ? parseUrl(endpoint) : undefined
  return { host: url ? hostnameOf(url) : '', recipient: { endpoint } }
}

/** Whether a notification has been due for so long that no node seems to know its client. */
export function isLongDue(record: Stored, channel: Channel): boolean {
  return record.readAt.getTime() > Number(record[channel]?.due) + othersFirstSeconds * 1000
}
