import { interactionPolicy } from 'oidc-provider'
import type { HostConfiguration } from 'oidc-provider-deferred'
import type { Keys } from '../storage/entries.js'
import type { Storage } from '../storage/storage.js'
import { findAccount } from './claims.js'
import { type ClientAddresses, clientsOf, partnerClient } from './clients.js'
import { opensAccount } from './opening.js'
import { renderError } from './pages/error.js'
import { resourceIndicators, richAuthorizationRequests } from './rich_authorization_requests.js'
import { scopes } from './scopes.js'

/** The host's consent prompt, with one more reason to show it: whoever opens an account has given no evidence yet. */
function policyWithEvidence() {
  const policy = interactionPolicy.base()
  const { Check } = interactionPolicy
  const evidence = new Check('identity_evidence', 'identity evidence is required', (ctx) =>
    ctx.oidc.result?.deferral || !opensAccount(ctx.oidc.params ?? {}) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT,
  )
  policy.get('consent')?.checks.add(evidence)
  return policy
}

/** What any team running oidc-provider has already; nothing here knows of deferrals but the clients' metadata. */
export function hostConfiguration(storage: Storage, keys: Keys, addresses: ClientAddresses): HostConfiguration {
  return {
    ...(storage.adapter && { adapter: storage.adapter }),
    clients: clientsOf(keys, addresses),
    // Scripts in a browser, from nowhere but the partner's own pages.
    clientBasedCORS: (_, origin, { clientId }) => clientId === partnerClient.id && origin === addresses.partner,
    jwks: { keys: [keys.signing] },
    cookies: { keys: [keys.cookies] },
    scopes: Object.keys(scopes),
    claims: {
      openid: ['sub', 'identity_verified', 'verified_claims'],
      profile: ['name', 'birthdate'],
      account: ['bank_account'],
    },
    conformIdTokenClaims: false,
    findAccount,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators,
      richAuthorizationRequests,
    },
    interactions: { policy: policyWithEvidence(), url: (_, interaction) => `/interaction/${interaction.uid}` },
    renderError,
    ttl: {
      AccessToken: 3600,
      ClientCredentials: 600,
      Grant: 1209600,
      IdToken: 3600,
      Interaction: 3600,
      Session: 1209600,
    },
  }
}
