import type { DeferringClientMetadata } from 'oidc-provider-deferred'
import type { Keys } from '../storage/entries.js'
import { partnerGrant } from './partner_grant.js'
import { scopes } from './scopes.js'

const openid = 'urn:openid:params:grant-type:deferred'
const oauth = 'urn:ietf:params:oauth:grant-type:deferred'

/** Addresses of the clients. They are known only when every site listens. */
export interface ClientAddresses {
  redirectUri: string
  /** Notification endpoint of the bank's website. */
  notification: string
  /** Origin of the partner's pages. Their scripts send token requests. */
  partner: string
}

export const bankClient = 'harbour-bank'
/** The agent's program needs its secret. It is public, like the demo's passwords. */
export const agentClient = { id: 'ledger-agent', secret: 'public secret of a demo agent' }
/** The partner's server: a plain OAuth client, without OpenID Connect. */
export const serverClient = { id: 'tideline-server', secret: 'public secret of a demo server' }
export const partnerClient = { id: 'tideline-books', secret: 'public secret of a demo page' }

const names: Record<string, string> = {
  [bankClient]: 'Harbour Bank',
  [agentClient.id]: 'Ledger agent',
  [partnerClient.id]: 'Tideline Books',
  [serverClient.id]: 'Tideline Books',
}

/** The name on pages. */
export function clientName(id: string): string {
  return names[id] ?? id
}

/** Every client of the provider. Only their metadata allows them to wait. */
export function clientsOf(
  keys: Keys,
  { redirectUri, notification, partner }: ClientAddresses,
): DeferringClientMetadata[] {
  return [
    {
      client_id: bankClient,
      client_name: clientName(bankClient),
      client_secret: keys.clientSecret,
      redirect_uris: [redirectUri],
      response_types: ['deferred_code', 'code'],
      deferred_client_notification_endpoint: notification,
      grant_types: ['authorization_code', openid, oauth],
      scope: Object.keys(scopes).join(' '),
    },
    {
      client_id: agentClient.id,
      client_name: clientName(agentClient.id),
      client_secret: agentClient.secret,
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials', oauth],
      scope: 'payments',
      authorization_details_types: ['payment'],
      // A stolen token is useless without the agent's key.
      dpop_bound_access_tokens: true,
    },
    {
      client_id: partnerClient.id,
      client_name: clientName(partnerClient.id),
      client_secret: partnerClient.secret,
      redirect_uris: [],
      response_types: [],
      grant_types: [partnerGrant, oauth],
      scope: 'statements',
    },
    {
      client_id: serverClient.id,
      client_name: clientName(serverClient.id),
      client_secret: serverClient.secret,
      redirect_uris: [`${partner}/`],
      response_types: ['code'],
      grant_types: ['authorization_code', oauth],
      scope: 'statements',
    },
  ]
}
