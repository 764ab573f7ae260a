/*
 * openid-client keeps parts of a Configuration to itself, client authentication among them. These functions use them through its
 * public API only.
 */
import * as client from 'openid-client'
import { invalidResponse } from './errors.js'
import { isFault } from './faults.js'

/** Tokens as openid-client resolves to. */
export type Tokens = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers

const headers = { 'content-type': 'application/json' }

/** The body of a token response that openid-client accepts, with nothing of value in it but these members. */
const tokenBody = (members: object = {}) => JSON.stringify({ access_token: '-', token_type: 'bearer', ...members })

const tokenResponse = () => new Response(tokenBody(), { headers })

/** What openid-client is shown in the place of a 200 that has no tokens. It remembers DPoP nonces from it. */
export function emptyAnswer({ headers }: Response): Response {
  const answer = tokenResponse()
  const nonce = headers.get('dpop-nonce')
  if (nonce !== null) answer.headers.set('dpop-nonce', nonce)
  return answer
}

/**
 * A grant request that `answer` answers in the place of the network. openid-client reads `customFetch` before its function returns,
 * so no other call runs while it is replaced.
 */
function requestOffline(config: client.Configuration, answer: client.CustomFetch): Promise<Tokens> {
  const fetch = config[client.customFetch]
  config[client.customFetch] = answer
  try {
    return client.genericGrantRequest(config, 'none', {})
  } finally {
    // a setter: undefined is its initial value
    Reflect.set(config, client.customFetch, fetch)
  }
}

/** The parameters of a request that openid-client sends. */
export function parametersOf({ body }: client.CustomFetchOptions): URLSearchParams {
  if (body instanceof URLSearchParams) return body
  throw new Error('this version of openid-client is not supported')
}

/** The client authentication of a Configuration: copied from a request that never leaves. */
function authenticationOf(config: client.Configuration): client.ClientAuth {
  return async (_as, _client, body, headers) => {
    let request: client.CustomFetchOptions | undefined
    await requestOffline(config, async (_url, options) => {
      request = options
      return tokenResponse()
    })
    if (!request) throw new Error('this version of openid-client is not supported')
    for (const [name, value] of parametersOf(request)) body.set(name, value)
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, value)
  }
}

/** Makes a token request what it shall be, its grant type included, and its answer one that openid-client reads. */
export type Exchange = (
  parameters: URLSearchParams,
  send: (headers?: Record<string, string>) => Promise<Response>,
) => Promise<Response>

/**
 * A Configuration for one call: same server, client, client authentication, timeout and fetch, but `exchange` stands between. It
 * lives as long as the call, the second request of DPoP's nonces included.
 */
export function siblingConfiguration(
  config: client.Configuration,
  exchange: Exchange,
  endpoints: Partial<client.ServerMetadata> = {},
): client.Configuration {
  const server = config.serverMetadata()
  const metadata = config.clientMetadata()
  const authentication = authenticationOf(config)
  const sibling = new client.Configuration({ ...server, ...endpoints }, metadata.client_id, metadata, authentication)
  sibling.timeout = config.timeout
  // authenticationOf() rejects where config itself does not allow this
  if (server.token_endpoint?.startsWith('http:')) client.allowInsecureRequests(sibling)
  const send: client.CustomFetch = config[client.customFetch] ?? ((url, options) => fetch(url, options as RequestInit))
  sibling[client.customFetch] = async (url, options) =>
    exchange(parametersOf(options), (added) => send(url, { ...options, headers: { ...options.headers, ...added } }))
  return sibling
}

// seconds between two attempts to validate the same answer: half a minute in all
const pauses = [1, 2, 4, 8, 15]

/**
 * Validates a token response as openid-client does. The signature check may have to fetch the keys of the provider. The tokens are
 * issued once, so the check is repeated if that request fails.
 */
export async function validatedTokens(config: client.Configuration, body: string): Promise<Tokens> {
  const validate = () => requestOffline(config, async () => new Response(body, { headers }))
  for (const pause of isJson(body) ? pauses : []) {
    try {
      return await validate()
    } catch (error) {
      if (!isFault(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, pause * 1000))
    }
  }
  return validate()
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Validates an ID Token as openid-client does: its decryption, its checks of claims, and of the signature where that is enabled. */
export async function validatedClaims(config: client.Configuration, idToken: string): Promise<client.IDToken> {
  const tokens = await validatedTokens(config, tokenBody({ id_token: idToken }))
  const claims = tokens.claims()
  if (!claims) throw invalidResponse('the interim ID Token cannot be read')
  return claims
}
