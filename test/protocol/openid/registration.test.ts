import { Socket } from 'node:net'
import { Provider } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { authorize, clientsWith, deferralOf } from '../../support/authorization.js'
import { grantType, redirectUri } from '../../support/clients.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, answer, codeChallenge, codeVerifier, dpopKey, relyingParty } from '../../support/relying_party.js'

const key = Buffer.alloc(32, 7).toString('base64url')
const registration = { registration: { enabled: true }, registrationManagement: { enabled: true } }
const deferring = { redirect_uris: [redirectUri], grant_types: [grantType], response_types: ['deferred_code'] }

async function register(op: TestProvider, metadata: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ ...deferring, ...metadata })
  return answer(await fetch(`${op.issuer}/reg`, { method: 'POST', headers, body }))
}

describe('with keys', () => {
  let op: TestProvider

  beforeAll(async () => {
    op = await startProvider({
      configuration: { features: registration },
      deferred: { keys: [key], notification: { ports: [443, 8443] } },
    })
  })
  afterAll(() => op.close())

  test.each(['https://rp.example/ping', 'https://rp.example:8443/a/b?c=d', 'https://xn--bcher-kva.example/'])(
    'O-005 C02 accepts the notification endpoint %s',
    async (endpoint) => {
      const registered = await register(op, { deferred_client_notification_endpoint: endpoint })
      expect(registered).toMatchObject({ status: 201, body: { deferred_client_notification_endpoint: endpoint } })
      const { registration_client_uri: uri, registration_access_token: token } = registered.body
      const read = await answer(await fetch(uri, { headers: { authorization: `Bearer ${token}` } }))
      expect(read.body.deferred_client_notification_endpoint).toBe(endpoint)
    },
  )

  test.each([
    ['http', 'http://rp.example/ping'],
    ['another scheme', 'ftp://rp.example/ping'],
    ['a script', 'javascript:alert(1)'],
    ['a relative URL', '/ping'],
    ['a host alone', 'rp.example'],
    ['user information', 'https://user:secret@rp.example/ping'],
    ['a user name', 'https://user@rp.example/ping'],
    ['a fragment', 'https://rp.example/ping#here'],
    ['an empty fragment', 'https://rp.example/ping#'],
    ['an array', ['https://rp.example/ping']],
    ['an object', { url: 'https://rp.example/ping' }],
    ['a number', 443],
    ['true', true],
    ['nothing', ''],
    ['a blank', ' '],
    ['leading blanks', ' https://rp.example/ping'],
    ['a URL without slashes', 'https:rp.example/ping'],
    ['a URL with backslashes', 'https:\\\\rp.example\\ping'],
    ['a control character', 'https://rp.example/pi\nng'],
  ])('O-005 C02 refuses a notification endpoint that is %s', async (_, endpoint) => {
    expect(await register(op, { deferred_client_notification_endpoint: endpoint })).toMatchObject({
      status: 400,
      body: { error: 'invalid_client_metadata' },
    })
  })

  test.each([[['authorization_code']], [[]], [undefined]])(
    'O-011 a client of deferred_code with the grants %j, which could never exchange, is invalid_client_metadata',
    async (grants) => {
      const refused = await register(op, { grant_types: grants })
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } })
      expect(refused.body.error_description).toContain(grantType)
    },
  )

  test('O-006 a client without a notification endpoint registers, and gets tokens by polling alone', async () => {
    const { body: client } = await register(op, { token_endpoint_auth_method: 'none' })
    expect(client).not.toHaveProperty('deferred_client_notification_endpoint')
    const rp = relyingParty(op.issuer, client.client_id, await dpopKey())
    const pkce = { code_challenge: codeChallenge, code_challenge_method: 'S256' }
    const { params } = await authorize(op, rp, pkce)
    const exchanged = await rp.exchange(params.deferred_code!, { code_verifier: codeVerifier })
    await op.provider.deferrals.approve((await deferralOf(op, params.deferred_code)).id)
    expect(await rp.poll(exchanged.body.deferred_auth_id)).toMatchObject({ status: 200 })
  })
})

describe('without keys', () => {
  let op: TestProvider

  beforeAll(async () => {
    op = await startProvider({
      configuration: {
        features: registration,
        extraClientMetadata: {
          properties: ['tier'],
          validator(_ctx, name, value, metadata) {
            if (name === 'tier') metadata.tier = String(value).toUpperCase()
          },
        },
      },
    })
  })
  afterAll(() => op.close())

  test('O-005 a notification endpoint, to which nothing could be sent, is invalid_client_metadata', async () => {
    const refused = await register(op, { deferred_client_notification_endpoint: 'https://rp.example/ping' })
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } })
    expect(refused.body.error_description).toMatch(/^deferred_client_notification_endpoint /)
  })

  test("the integrator's own client metadata and its validator go on working", async () => {
    expect(await register(op, { tier: 'gold' })).toMatchObject({ status: 201, body: { tier: 'GOLD' } })
  })

  test.each([
    [['deferred_code']],
    [['deferred_code code']],
    [['code deferred_code']],
    [['deferred_code', 'code deferred_code']],
  ])('O-003 a client registers %j', async (types) => {
    const grants = types.some((type) => type.includes(' ')) ? [grantType, 'authorization_code'] : [grantType]
    expect(await register(op, { response_types: types, grant_types: grants })).toMatchObject({ status: 201 })
  })

  test('a client of deferred_code alone needs no authorization_code grant, all the way to tokens', async () => {
    const { body: client } = await register(op, { token_endpoint_auth_method: 'client_secret_post' })
    expect(client.grant_types).toEqual([grantType])
    const rp = relyingParty(op.issuer, client.client_id)
    const { params } = await authorize(op, rp)
    const secret = { client_id: client.client_id, client_secret: client.client_secret }
    const exchanged = await rp.exchange(params.deferred_code!, secret)
    await op.provider.deferrals.approve((await deferralOf(op, params.deferred_code)).id)
    expect(await rp.poll(exchanged.body.deferred_auth_id, secret)).toMatchObject({ status: 200 })
  })

  test('O-008 the notification metadata of CIBA is not ours', async () => {
    const metadata = { backchannel_client_notification_endpoint: 'https://rp.example/ciba' }
    expect(await register(op, metadata)).toMatchObject({ status: 201 })
  })
})

test('O-008 a client has both notification endpoints, on different URLs', async () => {
  const op = await startProvider({
    configuration: { features: { ...registration, ciba: ciba } as never },
    deferred: { keys: [key] },
  })
  const both = {
    deferred_client_notification_endpoint: 'https://rp.example/deferred',
    backchannel_client_notification_endpoint: 'https://rp.example/ciba',
  }
  const metadata = { backchannel_token_delivery_mode: 'ping', ...both }
  const grants = [grantType, 'urn:openid:params:grant-type:ciba']
  expect(await register(op, { ...metadata, grant_types: grants })).toMatchObject({ status: 201, body: both })
  await op.close()
})

const unused = async () => undefined
const ciba = {
  enabled: true,
  deliveryModes: ['ping'],
  processLoginHint: unused,
  validateBindingMessage: unused,
  validateRequestContext: unused,
  verifyUserCode: unused,
  triggerAuthenticationDevice: unused,
}

test('O-005 a static client with a notification endpoint is a TypeError where there are no keys', () => {
  const change = { deferred_client_notification_endpoint: 'https://rp.example/ping' }
  const configuration = { clients: clientsWith('secret', change) }
  const construct = (keys: string[]) =>
    new Provider('https://op.example', { ...configuration, features: { deferredTokenResponse: { keys } } })
  expect(() => construct([])).toThrow(TypeError)
  expect(() => construct([])).toThrow(/^features\.deferredTokenResponse\.keys /)
  expect(() => construct([key])).not.toThrow()
})

test('O-069 C04 for a client without a notification endpoint no connection is ever made', async () => {
  const op = await startProvider({ deferred: { keys: [key] } })
  const connect = vi.spyOn(Socket.prototype, 'connect')
  const rp = relyingParty(op.issuer)
  const { params } = await authorize(op, rp)
  const { body } = await rp.exchange(params.deferred_code!, { deferred_notification_token: 'a-token' })
  const { id } = await deferralOf(op, params.deferred_code)
  await op.provider.deferrals.approve(id)
  expect(await rp.poll(body.deferred_auth_id)).toMatchObject({ status: 200 })
  const hosts = (connect.mock.calls as unknown[][]).map(([options]) => portOf(options))
  connect.mockRestore()
  expect(new Set(hosts)).toEqual(new Set([Number(new URL(op.issuer).port)]))
  await op.close()
})

// Node.js hands its normalised arguments on as [options, callback]
const portOf = (options: unknown) => Number(([options].flat()[0] as { port?: number | string }).port)
