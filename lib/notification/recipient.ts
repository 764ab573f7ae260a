import type { Client } from 'oidc-provider'

/** Client metadata of both drafts: where a client wants to be notified (C-X01). */
export const notificationEndpoint = 'deferred_client_notification_endpoint'

/** Where this client wants to be notified. */
export function endpointOf(client: Client): string | undefined {
  // the host keeps the names of metadata it does not know itself; a stored client was not looked at by the plugin
  const endpoint: unknown = client[notificationEndpoint]
  return typeof endpoint === 'string' && URL.canParse(endpoint) ? endpoint : undefined
}
