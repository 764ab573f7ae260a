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

export const grantType = 'urn:openid:params:grant-type:deferred'
export const requestedScope = 'openid profile account payments overdraft'

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

/** The authorization request that asks for a deferred code. */
export async function authorizationUrl(op: Op, { state, nonce, codeVerifier }: Secrets): Promise<URL> {
  return buildAuthorizationUrl(op.configuration, {
    response_type: 'deferred_code',
    // An account is opened by whoever sits here now, not by whoever signed in last.
    prompt: 'login',
    redirect_uri: op.redirectUri,
    scope: requestedScope,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  })
}
