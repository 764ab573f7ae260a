import * as oauth from 'oauth4webapi'
import { expect, test as sequential } from 'vitest'
import { grantType, oauthGrantType } from '../support/clients.js'
import { client, deferredAuthId, deferredCode, type Scenario, type Stage, startStage } from './scenarios.js'

/** Each has a provider of its own, and mostly waits. */
const test = sequential.concurrent

const registered: oauth.Client = { client_id: client.id }
const authentication = oauth.ClientSecretBasic(client.secret)
const plainHttp = { [oauth.allowInsecureRequests]: true }

/** Runs against a provider in this scenario, with what the library discovered of it. */
async function onStage(scenario: Scenario, use: (op: Stage, as: oauth.AuthorizationServer) => Promise<void>) {
  const op = await startStage(scenario)
  try {
    const issuer = new URL(op.issuer)
    await use(op, await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, plainHttp)))
  } finally {
    await op.close()
  }
}

/** The loop of the library's example of the device flow, with the request and the response functions for any grant. */
async function loop(as: oauth.AuthorizationServer, grant: string, parameters: Record<string, string>) {
  for (let interval = 1; ; await new Promise((resolve) => setTimeout(resolve, interval * 1000))) {
    const response = await oauth.genericTokenEndpointRequest(
      as,
      registered,
      authentication,
      grant,
      parameters,
      plainHttp,
    )
    try {
      return await oauth.processGenericTokenEndpointResponse(as, registered, response)
    } catch (error) {
      if (!(error instanceof oauth.ResponseBodyError)) throw error
      if (error.error === 'slow_down') interval += 5
      else if (error.error !== 'authorization_pending') throw error
    }
  }
}

/** Asks in the oauth profile; resolves to the handle of polls, a member of the error. */
async function deferralCode(as: oauth.AuthorizationServer): Promise<string> {
  const parameters = { completion_mode: 'deferred' }
  const response = await oauth.clientCredentialsGrantRequest(as, registered, authentication, parameters, plainHttp)
  const error = await oauth.processClientCredentialsResponse(as, registered, response).catch((reason) => reason)
  expect(error).toBeInstanceOf(oauth.ResponseBodyError)
  return error.cause.deferral_code
}

const pending = 'authorization_pending'

test('the functions for any grant poll in the openid profile as they are', () =>
  onStage('openid', async (op, as) => {
    const tokens = await loop(as, grantType, { deferred_auth_id: await deferredAuthId(op) })
    expect(oauth.getValidatedIdTokenClaims(tokens)?.iss).toBe(op.issuer)
    expect(op.refused).toEqual([pending, pending])
  }))

test('the functions for any grant poll in the oauth profile as they are', () =>
  onStage('oauth', async (op, as) => {
    const tokens = await loop(as, oauthGrantType, { deferral_code: await deferralCode(as) })
    expect(tokens.access_token).toEqual(expect.any(String))
    expect(op.refused).toEqual([pending, pending])
  }))

test('the loop of the device flow obeys slow_down, and gets the tokens', () =>
  onStage('slow_down', async (op, as) => {
    const tokens = await loop(as, oauthGrantType, { deferral_code: await deferralCode(as) })
    expect(tokens.access_token).toEqual(expect.any(String))
    expect(op.refused).toEqual([pending, 'slow_down'])
  }))

for (const error of ['interaction_required', 'access_denied'] as const) {
  test(`the loop of the device flow ends at ${error}`, () =>
    onStage(error, async (_op, as) => {
      const polling = loop(as, oauthGrantType, { deferral_code: await deferralCode(as) })
      await expect(polling).rejects.toMatchObject({ error })
    }))
}

test('the request of the exchange works as it is; its answer has to be read without the library', () =>
  onStage('openid', async (op, as) => {
    const parameters = { deferred_code: await deferredCode(op) }
    const response = await oauth.genericTokenEndpointRequest(
      as,
      registered,
      authentication,
      grantType,
      parameters,
      plainHttp,
    )
    const read = response.clone()
    await expect(oauth.processGenericTokenEndpointResponse(as, registered, response)).rejects.toMatchObject({
      code: oauth.INVALID_RESPONSE,
      message: expect.stringContaining('access_token'),
    })
    await expect(read.json()).resolves.toMatchObject({ deferred_auth_id: expect.any(String) })
  }))

test('the request functions of the device flow and of CIBA cannot poll: they set their own grant type', () =>
  onStage('openid', async (op, as) => {
    const parameters = { grant_type: grantType, deferred_auth_id: await deferredAuthId(op) }
    const options = { ...plainHttp, additionalParameters: parameters }
    for (const request of [oauth.deviceCodeGrantRequest, oauth.backchannelAuthenticationGrantRequest]) {
      const response = await request(as, registered, authentication, 'unused', options)
      await expect(response.json()).resolves.toMatchObject({ error: 'unsupported_grant_type' })
    }
  }))
