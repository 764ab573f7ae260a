import { interactionPolicy } from 'oidc-provider'
import type { HostConfiguration } from 'oidc-provider-deferred'
import type { Keys } from '../storage/entries.js'
import type { Storage } from '../storage/storage.js'
import { findAccount } from './claims.js'
import { type ClientAddresses, clientsOf, partnerClient } from './clients.js'
import { opensAccount } from './opening.js'
import { renderError } from './pages/error.js'
import { phoneOf } from './phone/questions.js'
import { resourceIndicators, richAuthorizationRequests } from './rich_authorization_requests.js'
import { scopes } from './scopes.js'

/** oidc-provider's policy with one more check: opening an account needs evidence, so it shows the consent prompt. */
function policyWithEvidence() {
  const policy = interactionPolicy.base()
  const { Check } = interactionPolicy
  const evidence = new Check('identity_evidence', 'identity evidence is required', (ctx) =>
    ctx.oidc.result?.deferral || !opensAccount(ctx.oidc.params ?? {}) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT,
  )
  policy.get('consent')?.checks.add(evidence)
  return policy
}

/** An ordinary configuration of oidc-provider. Only the check of the policy and the metadata of the clients know deferrals. */
export function hostConfiguration(storage: Storage, keys: Keys, addresses: ClientAddresses): HostConfiguration {
  return {
    ...(storage.adapter && { adapter: storage.adapter }),
    clients: clientsOf(keys, addresses),
    // Only scripts of the partner's pages may call the token endpoint.
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
      ciba: phoneOf(storage.questions),
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
