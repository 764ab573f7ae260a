import { interactionPolicy } from 'oidc-provider'
import type { HostConfiguration } from 'oidc-provider-deferred'
import type { Keys } from '../storage/entries.js'
import type { Storage } from '../storage/storage.js'
import { findAccount } from './claims.js'
import { renderError } from './pages/error.js'
import { scopes } from './scopes.js'

export interface Client {
  id: string
  redirectUri: string
}

/** The host's consent prompt, with one more reason to show it: nobody gave evidence yet. */
function policyWithEvidence() {
  const policy = interactionPolicy.base()
  const { Check } = interactionPolicy
  const evidence = new Check('identity_evidence', 'identity evidence is required', (ctx) =>
    ctx.oidc.result?.deferral ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT,
  )
  policy.get('consent')?.checks.add(evidence)
  return policy
}

/** What any team running oidc-provider has already; nothing here knows of deferrals but the client's metadata. */
export function hostConfiguration(storage: Storage, keys: Keys, client: Client): HostConfiguration {
  return {
    ...(storage.adapter && { adapter: storage.adapter }),
    clients: [
      {
        client_id: client.id,
        client_name: 'Harbour Bank',
        client_secret: keys.clientSecret,
        redirect_uris: [client.redirectUri],
        response_types: ['deferred_code'],
        grant_types: ['urn:openid:params:grant-type:deferred'],
        scope: Object.keys(scopes).join(' '),
      },
    ],
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
    features: { devInteractions: { enabled: false } },
    interactions: { policy: policyWithEvidence(), url: (_, interaction) => `/interaction/${interaction.uid}` },
    renderError,
    ttl: { AccessToken: 3600, Grant: 1209600, IdToken: 3600, Interaction: 3600, Session: 1209600 },
  }
}
