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
  /** Sends every request to the provider. */
  fetch: typeof fetch
}

/** The provider with its metadata and our credentials. */
export interface Op extends OpenIdProvider {
  configuration: Configuration
}

/** An account always waits, from the redirect on. A sign-in waits only when the token endpoint defers it. */
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
    // The person in front of the browser must sign in, not the one who signed in last.
    prompt: 'login',
    redirect_uri: op.redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  })
}
