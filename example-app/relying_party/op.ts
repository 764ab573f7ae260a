import {
  allowInsecureRequests,
  buildAuthorizationUrl,
  ClientSecretBasic,
  type Configuration,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client'
import type { Purpose } from '../storage/entries.js'

export interface OpenIdProvider {
  issuer: string
  clientId: string
  clientSecret: string
  redirectUri: string
  /** Sends every request to the provider: a place to look on. */
  fetch: typeof fetch
}

/** The provider's own words for things, and our credentials there. */
export interface Op extends OpenIdProvider {
  configuration: Configuration
}

/** Both forms of waiting: for an account, from the redirect on; for a sign-in, only if the token endpoint finds it odd. */
export const purposes: Readonly<Record<Purpose, { scope: string; request: Record<string, string> }>> = {
  account: { scope: 'openid profile account payments overdraft', request: { response_type: 'deferred_code' } },
  banking: {
    scope: 'openid profile payments',
    request: { response_type: 'code', completion_mode: 'deferred' },
  },
}

/** Reads the provider's metadata. */
export async function discoverOp(options: OpenIdProvider): Promise<Op> {
  const { issuer, clientId, clientSecret, fetch } = options
  const configuration = await discovery(new URL(issuer), clientId, clientSecret, ClientSecretBasic(clientSecret), {
    execute: [allowInsecureRequests, enableNonRepudiationChecks],
    [customFetch]: (url, { body, ...init }) => fetch(url, { ...init, body: body ?? null }),
  })
  return { ...options, configuration }
}

export interface Secrets {
  state: string
  nonce: string
  codeVerifier: string
}

/** The authorization request. */
export async function authorizationUrl(
  op: Op,
  purpose: Purpose,
  { state, nonce, codeVerifier }: Secrets,
): Promise<URL> {
  const { scope, request } = purposes[purpose]
  return buildAuthorizationUrl(op.configuration, {
    ...request,
    // An account is opened, and used, by whoever sits here now, not by whoever signed in last.
    prompt: 'login',
    redirect_uri: op.redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  })
}
