import * as client from 'openid-client'
import { clientError, invalidArgument } from './errors.js'

/** The parameters of an authorization response, a JARM response verified. A Request stays readable. */
export async function authorizationResponse(
  config: client.Configuration,
  currentUrl: URL | Request,
  expectedState: client.AuthorizationCodeGrantChecks['expectedState'],
): Promise<URLSearchParams> {
  const parameters = await parametersOf(currentUrl)
  return usesJarm(config) ? verifiedJarm(config, parameters, expectedState) : parameters
}

async function parametersOf(currentUrl: URL | Request): Promise<URLSearchParams> {
  if (currentUrl instanceof URL) return new URLSearchParams(currentUrl.searchParams)
  if (typeof currentUrl?.url !== 'string') {
    throw invalidArgument('"currentUrl" must be an instance of URL, or Request')
  }
  if (currentUrl.method === 'POST') return new URLSearchParams(await currentUrl.clone().text())
  return new URL(currentUrl.url).searchParams
}

function usesJarm(config: client.Configuration): boolean {
  if (config.serverMetadata().authorization_endpoint === undefined) return false
  return client.buildAuthorizationUrl(config, {}).searchParams.get('response_mode') === 'jwt'
}

// openid-client verifies JARM responses, too, but only those that have a code
async function verifiedJarm(
  config: client.Configuration,
  parameters: URLSearchParams,
  expectedState: client.AuthorizationCodeGrantChecks['expectedState'],
): Promise<URLSearchParams> {
  const oauth = await loadOauth4webapi()
  const server = config.serverMetadata()
  const state = typeof expectedState === 'symbol' ? oauth.skipStateCheck : (expectedState ?? oauth.expectNoState)
  const fetch = config[client.customFetch]
  try {
    return await oauth.validateJwtAuthResponse(server, config.clientMetadata(), parameters, state, {
      ...(fetch && { [oauth.customFetch]: (url, options) => fetch(url, options as client.CustomFetchOptions) }),
      ...(config.timeout && { signal: AbortSignal.timeout(config.timeout * 1000) }),
      [oauth.allowInsecureRequests]: server.issuer.startsWith('http:'),
      [oauth.jwksCache]: client.getJwksCache(config) ?? {},
    })
  } catch (error) {
    // the parameters are verified, and openid-client rejects for them with its own class
    if (error instanceof oauth.AuthorizationResponseError) return error.cause
    if (!(error instanceof Error) || error instanceof TypeError) throw error
    throw clientError(error.message, codeOf(error), error)
  }
}

function codeOf(error: Error): string | undefined {
  if (error.name === 'TimeoutError') return 'OAUTH_TIMEOUT'
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

async function loadOauth4webapi() {
  return import('oauth4webapi').catch((cause) => {
    throw new Error('install oauth4webapi: JARM responses need it beside openid-client', { cause })
  })
}
