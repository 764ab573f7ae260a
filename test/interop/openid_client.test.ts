import {
  allowInsecureRequests,
  type Configuration,
  clientCredentialsGrant,
  customFetch,
  type DeviceAuthorizationResponse,
  discovery,
  genericGrantRequest,
  pollBackchannelAuthenticationGrant,
  pollDeviceAuthorizationGrant,
  ResponseBodyError,
} from 'openid-client'
import { expect, test as sequential } from 'vitest'
import { grantType, oauthGrantType } from '../support/clients.js'
import { client, deferredAuthId, deferredCode, type Scenario, type Stage, startStage } from './scenarios.js'

/** Each has a provider of its own, and mostly waits. */
const test = sequential.concurrent

type Fetch = NonNullable<Configuration[typeof customFetch]>

/** Runs against a provider in this scenario, with a Configuration of its client. */
async function onStage(scenario: Scenario, use: (op: Stage, config: Configuration) => Promise<void>): Promise<void> {
  const op = await startStage(scenario)
  try {
    const options = { execute: [allowInsecureRequests] }
    await use(op, await discovery(new URL(op.issuer), client.id, client.secret, undefined, options))
  } finally {
    await op.close()
  }
}

/** A fetch that replaces these parameters of each request to the token endpoint. */
const replacing =
  (parameters: Record<string, string>): Fetch =>
  (url, options) => {
    const body = new URLSearchParams(options.body as URLSearchParams)
    for (const [name, value] of Object.entries(parameters)) body.set(name, value)
    return fetch(url, { ...options, body } as RequestInit)
  }

/** What the two loops ask for, about a handle that is not theirs. */
const device = (interval: number): DeviceAuthorizationResponse => ({
  device_code: 'unused',
  user_code: 'unused',
  verification_uri: 'https://op.example',
  expires_in: 60,
  interval,
})
const backchannel = (interval: number) => ({ auth_req_id: 'unused', expires_in: 60, interval })

/** The handle of polls in the oauth profile: part of the error that the first token request rejects with. */
async function deferralCode(config: Configuration): Promise<string> {
  const error = await rejection(clientCredentialsGrant(config, { completion_mode: 'deferred' }))
  expect(error).toBeInstanceOf(ResponseBodyError)
  return String((error as ResponseBodyError).cause.deferral_code)
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('no rejection'),
    (error) => error,
  )

const pending = 'authorization_pending'

for (const [name, poll] of Object.entries({
  pollDeviceAuthorizationGrant: (config: Configuration, interval = 1) =>
    pollDeviceAuthorizationGrant(config, device(interval)),
  pollBackchannelAuthenticationGrant: (config: Configuration, interval = 1) =>
    pollBackchannelAuthenticationGrant(config, backchannel(interval)),
})) {
  test(`${name} polls in the openid profile, if fetch replaces grant type and handle`, () =>
    onStage('openid', async (op, config) => {
      config[customFetch] = replacing({ grant_type: grantType, deferred_auth_id: await deferredAuthId(op) })
      const tokens = await poll(config)
      expect(tokens).toMatchObject({ access_token: expect.any(String), id_token: expect.any(String) })
      expect(op.refused).toEqual([pending, pending])
    }))

  test(`${name} polls in the oauth profile, if fetch replaces grant type and handle`, () =>
    onStage('oauth', async (op, config) => {
      config[customFetch] = replacing({ grant_type: oauthGrantType, deferral_code: await deferralCode(config) })
      await expect(poll(config)).resolves.toMatchObject({ access_token: expect.any(String) })
      expect(op.refused).toEqual([pending, pending])
    }))

  test(`${name} waits for Retry-After, so that it never polls too soon`, () =>
    onStage('slow_down', async (op, config) => {
      config[customFetch] = replacing({ grant_type: oauthGrantType, deferral_code: await deferralCode(config) })
      await expect(poll(config, 0)).resolves.toMatchObject({ access_token: expect.any(String) })
      expect(op.refused).toEqual([pending, pending])
    }))

  test(`${name} ends at interaction_required, although the client should go on`, () =>
    onStage('interaction_required', async (op, config) => {
      config[customFetch] = replacing({ grant_type: oauthGrantType, deferral_code: await deferralCode(config) })
      await expect(poll(config)).rejects.toMatchObject({ error: 'interaction_required' })
      expect(op.refused).toEqual(['interaction_required'])
    }))

  test(`${name} rejects when the request was denied`, () =>
    onStage('access_denied', async (op, config) => {
      config[customFetch] = replacing({ grant_type: oauthGrantType, deferral_code: await deferralCode(config) })
      await expect(poll(config)).rejects.toMatchObject({ error: 'access_denied' })
      expect(op.refused).toEqual([pending, pending, 'access_denied'])
    }))
}

test('without that fetch the loops cannot be used: their parameters do not replace the grant type', () =>
  onStage('openid', async (op, config) => {
    const parameters = { grant_type: grantType, deferred_auth_id: await deferredAuthId(op) }
    const refusal = { error: 'unsupported_grant_type' }
    await expect(pollDeviceAuthorizationGrant(config, device(0), parameters)).rejects.toMatchObject(refusal)
    await expect(pollBackchannelAuthenticationGrant(config, backchannel(0), parameters)).rejects.toMatchObject(refusal)
  }))

test('genericGrantRequest polls in the openid profile as it is', () =>
  onStage('openid', async (op, config) => {
    const parameters = { deferred_auth_id: await deferredAuthId(op) }
    const poll = () => genericGrantRequest(config, grantType, parameters)
    for (let refused = 0; refused < 2; refused++) {
      await expect(poll()).rejects.toMatchObject({ error: pending })
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    const tokens = await poll()
    expect(tokens.claims()?.iss).toBe(op.issuer)
  }))

test('genericGrantRequest cannot make the exchange: its answer has no access token, and the code is spent', () =>
  onStage('openid', async (op, config) => {
    const code = await deferredCode(op)
    await expect(genericGrantRequest(config, grantType, { deferred_code: code })).rejects.toMatchObject({
      code: 'OAUTH_INVALID_RESPONSE',
      cause: { message: expect.stringContaining('access_token') },
    })
    await expect(genericGrantRequest(config, grantType, { deferred_code: code })).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  }))
