import type { DeferringClientMetadata } from 'oidc-provider-deferred'
import type { Keys } from '../storage/entries.js'
import { partnerGrant } from './partner_grant.js'
import { scopes } from './scopes.js'

const openid = 'urn:openid:params:grant-type:deferred'
const oauth = 'urn:ietf:params:oauth:grant-type:deferred'

/** Where the clients live; the addresses are known only when everything listens. */
export interface ClientAddresses {
  redirectUri: string
  /** Where the bank's website hears that a decision is there. */
  notification: string
  /** Origin of the partner's pages, whose scripts ask for tokens from a browser. */
  partner: string
}

export const bankClient = 'harbour-bank'
/** Known to the agent's own program, which is started by somebody else; as open to everybody as the demo's passwords. */
export const agentClient = { id: 'ledger-agent', secret: 'open to everybody, for a demo agent' }
export const partnerClient = { id: 'tideline-books', secret: 'open to everybody, for a demo page' }

const names: Record<string, string> = {
  [bankClient]: 'Harbour Bank',
  [agentClient.id]: 'Ledger agent',
  [partnerClient.id]: 'Tideline Books',
}

/** The name shown to people. */
export function clientName(id: string): string {
  return names[id] ?? id
}

/** Every client of the provider: metadata and nothing else makes them able to wait. */
export function clientsOf(keys: Keys, { redirectUri, notification }: ClientAddresses): DeferringClientMetadata[] {
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
      // Whoever finds one of its tokens cannot use it without its key.
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
  ]
}
