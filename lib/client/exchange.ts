/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Deferred Code Exchange": the redirect has a one-time code, and the answer to it
 * has no access token. openid-client validates the redirect and sends the request as if it were an authorization code.
 */
import * as client from 'openid-client'
import { assertStart } from './arguments.js'
import { authorizationResponse } from './authorization_response.js'
import { type Exchange, emptyAnswer, siblingConfiguration, validatedClaims } from './configuration.js'
import { createDeferral, type Deferral, defined, type StartOptions } from './deferral.js'
import { claimMismatch, clientError, invalidResponse } from './errors.js'
import { wireNames } from './profiles.js'

/**
 * openid profile: exchanges the `deferred_code` of a redirect, and resolves to the deferral. Save it before anything else.
 *
 * Arguments are those of `authorizationCodeGrant()`. Rejects as openid-client does where the redirect or the answer is wrong. Where
 * the provider answered with a `code`, because it decided at once, it rejects with a `ClientError` whose `code` is `NOT_DEFERRED`;
 * nothing was sent, and `authorizationCodeGrant()` takes the same `currentUrl`.
 *
 * ```ts
 * import * as client from 'openid-client'
 * import { deferredCodeExchange } from 'oidc-provider-deferred/client'
 *
 * const checks = { expectedState, expectedNonce, pkceCodeVerifier }
 * const deferral = await deferredCodeExchange(config, currentUrl, checks, {}, { notificationToken: client.randomState() })
 * await save(deferral)
 * ```
 */
export async function deferredCodeExchange(
  config: client.Configuration,
  currentUrl: URL | Request,
  checks: client.AuthorizationCodeGrantChecks = {},
  tokenEndpointParameters: URLSearchParams | Record<string, string> = {},
  options: StartOptions = {},
): Promise<Deferral> {
  assertStart(checks, options)
  const response = await authorizationResponse(config, currentUrl, checks.expectedState)
  const url = withCode(currentUrl, response)
  const parameters = new URLSearchParams(tokenEndpointParameters)
  const { notificationToken, DPoP } = options
  if (notificationToken !== undefined) parameters.set('deferred_notification_token', notificationToken)
  const answer: { body?: unknown } = {}
  const sibling = siblingConfiguration(config, exchangeInto(answer, parameters.get('redirect_uri')))
  await client.authorizationCodeGrant(sibling, url, redirectChecks(checks), parameters, defined({ DPoP }))
  const { body } = answer
  if (!isObject(body)) throw invalidResponse('the answer to the exchange is no JSON object')
  const deferral = await createDeferral(config, 'openid', body, { ...options, checks })
  return deferral.interimIdToken === undefined ? deferral : withSubject(config, deferral, deferral.interimIdToken)
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

// the others are for the ID Token, which comes later
function redirectChecks(checks: client.AuthorizationCodeGrantChecks): client.AuthorizationCodeGrantChecks {
  const { pkceCodeVerifier, expectedState } = checks
  return {
    ...(pkceCodeVerifier !== undefined && { pkceCodeVerifier }),
    ...(expectedState !== undefined && { expectedState }),
  }
}

/** The redirect, its `deferred_code` renamed to the `code` that openid-client looks for. */
function withCode(currentUrl: URL | Request, response: URLSearchParams): URL {
  if (response.has('code')) {
    if (!response.has('deferred_code')) {
      throw clientError('the provider did not defer: pass this redirect to authorizationCodeGrant()', 'NOT_DEFERRED')
    }
    const message = 'authorization response has both "code" and "deferred_code"'
    throw clientError(message, 'OAUTH_INVALID_RESPONSE', { parameters: response })
  }
  const url = new URL(currentUrl instanceof URL ? currentUrl : currentUrl.url)
  const renamed = new URLSearchParams()
  for (const [name, value] of response) renamed.append(name === 'deferred_code' ? 'code' : name, value)
  url.search = String(renamed)
  return url
}

/** Sends a deferred code in the place of the code, keeps the answer, and shows openid-client one that it accepts. */
function exchangeInto(answer: { body?: unknown }, redirectUri: string | null): Exchange {
  return async (parameters, send) => {
    parameters.set('grant_type', wireNames.openid.grantType)
    parameters.set('deferred_code', parameters.get('code') ?? '')
    parameters.delete('code')
    // openid-client removes the query from the redirect URI; a caller whose redirect URI has one passes it
    if (redirectUri !== null) parameters.set('redirect_uri', redirectUri)
    const response = await send()
    if (response.status !== 200) return response
    answer.body = await response.json().catch((cause) => {
      throw clientError('the answer to the exchange was lost, and the code is spent', 'OAUTH_PARSE_ERROR', cause)
    })
    return emptyAnswer(response)
  }
}

async function withSubject(
  config: client.Configuration,
  deferral: Deferral,
  interimIdToken: string,
): Promise<Deferral> {
  const claims = await validatedClaims(config, interimIdToken)
  if (claims.nonce !== deferral.nonce) throw claimMismatch('nonce', deferral.nonce, claims)
  return { ...deferral, subject: claims.sub }
}
