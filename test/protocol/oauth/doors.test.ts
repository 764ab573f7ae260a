import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { added, authorize, clientsWith } from '../../support/authorization.js'
import { oauthGrantType } from '../../support/clients.js'
import { authorizationCode, redeem } from '../../support/deferral.js'
import { observedDefer } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'
import { registerCustomGrants } from './custom_grants.js'
import { closedDoors, everyDoor, openDoors, tokenTypes, unregistered } from './doors.js'

const opted = { completion_mode: 'deferred' }
const unknown = { completion_mode: 'other' }
const tokens = { status: 200, body: { access_token: expect.any(String) } }
const refusal = (error: string, remedy: string) => ({
  status: 400,
  body: { error, error_description: expect.stringContaining(remedy) },
})

let op: TestProvider
const observed = observedDefer()

beforeAll(async () => {
  const clients = everyDoor.clients?.map((client) => (client.client_id === 'other' ? unregistered(client) : client))
  op = await startProvider({ configuration: { ...everyDoor, clients }, deferred: { defer: observed.defer } })
  registerCustomGrants(op.provider, op.clock)
})
beforeEach(() => observed.reset())
afterAll(() => op.close())

const obstacles = () => observed.asked.map(({ canWait, obstacle }) => (canWait ? undefined : obstacle))

describe.each(Object.keys(closedDoors))('%s', (name) => {
  const { grantType, staysUsable, open } = closedDoors[name]!

  test('a request that has to wait is refused, says what to do instead, and loses nothing where the host allows it', async () => {
    const send = await open(op, relyingParty(op.issuer))
    const { result, ...outcome } = await added(op, async () => [await send(), await send(opted)])
    const expected = refusal('access_denied', 'response_type=deferred_code')
    expect(result[0]).toMatchObject(expected)
    observed.decide = () => false
    if (!staysUsable) return expect((await send()).body.error).toBe('invalid_grant')
    expect(result[1]).toMatchObject(expected)
    expect(await send()).toMatchObject(tokens)
    expect((await send()).body.error).toBe('invalid_grant')
    expect(outcome.new).toEqual([])
    expect(obstacles()).toEqual(['grant', 'grant', 'grant'])
  })

  test('defer sees what is observed.asked for, without the credential that asks', async () => {
    observed.decide = () => false
    const send = await open(op, relyingParty(op.issuer))
    await send()
    expect(observed.asked).toMatchObject([
      {
        profile: 'oauth',
        grantType,
        client: { clientId: 'secret' },
        account: { accountId: 'alice' },
        scope: new Set(['openid', 'email']),
        resource: [],
        params: { grant_type: grantType },
      },
    ])
    const { params } = observed.asked[0]!
    expect(Object.keys(params).filter((key) => /code|auth_req_id/.test(key))).toEqual([])
    expect(Object.isFrozen(params)).toBe(true)
  })
})

describe.each(Object.keys(openDoors))('%s', (name) => {
  const { open } = openDoors[name]!

  test.each([
    ['without completion_mode', {}],
    ['with an empty one', { completion_mode: '' }],
    ['with an unknown one', unknown],
  ])('%s it has to offer to wait: invalid_request, then deferred', async (_, params) => {
    const send = await open(op, relyingParty(op.issuer))
    const { result, ...outcome } = await added(op, () => send(params as Record<string, string>))
    expect(result).toMatchObject(refusal('invalid_request', 'completion_mode=deferred'))
    expect(outcome.new).toEqual([])
    expect((await send(opted)).body).toMatchObject({ deferral_code: expect.any(String) })
    expect(obstacles()).toEqual(['completion_mode', undefined])
  })

  test('a client that is not registered for the grant of polls: unauthorized_client, offer or none', async () => {
    const send = await open(op, relyingParty(op.issuer, 'other'))
    for (const params of [opted, {}]) {
      expect(await send(params)).toMatchObject(refusal('unauthorized_client', oauthGrantType))
    }
    observed.decide = () => false
    expect(await send(opted)).toMatchObject(tokens)
    expect(obstacles()).toEqual(['client', 'client', 'client'])
  })
})

test('a public client without a key: invalid_dpop_proof, and the code is deferred for one', async () => {
  const rp = relyingParty(op.issuer, 'public')
  const code = await authorizationCode(rp)
  expect(await redeem(rp, code, opted)).toMatchObject(refusal('invalid_dpop_proof', 'DPoP'))
  const deferred = await redeem(rp, code, opted, { dpop: await dpopKey() })
  expect(deferred.body).toMatchObject({ deferral_code: expect.any(String) })
  expect(obstacles()).toEqual(['key', undefined])
})

test.each(tokenTypes)('response_type=%s: access_denied in its response mode, and no token', async (type) => {
  const rp = relyingParty(op.issuer)
  const request = { response_type: type, nonce: 'n', scope: 'openid email' }
  const { params, url } = await authorize(op, rp, request)
  expect(url?.hash).toContain('error=access_denied')
  expect(params).toMatchObject({ state: 'a state', error_description: expect.stringContaining('deferred_code') })
  expect(Object.keys(params).filter((name) => /code$|token/.test(name))).toEqual([])
  observed.decide = () => false
  const answered = await authorize(op, rp, request)
  for (const word of type.split(' ')) expect(answered.params).toHaveProperty(word === 'token' ? 'access_token' : word)
  expect(observed.asked).toMatchObject([
    {
      profile: 'openid',
      grantType: 'implicit',
      account: { accountId: 'alice' },
      scope: new Set(['openid', 'email']),
    },
    { canWait: false, obstacle: 'grant' },
  ])
})

test('a response with a code alone, and a refresh request, are not observed.asked about', async () => {
  observed.decide = () => false
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp, { scope: 'openid offline_access', prompt: 'consent' })
  expect(observed.asked).toEqual([])
  const { body } = await redeem(rp, code)
  observed.asked = []
  observed.decide = () => true
  const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
  expect(refreshed).toMatchObject(tokens)
  expect(observed.asked).toEqual([])
})

test.each(['deferred_code', 'code deferred_code'])('response_type=%s can wait', async (type) => {
  const { params } = await authorize(op, relyingParty(op.issuer), { response_type: type })
  expect(params).toHaveProperty('deferred_code')
  expect(observed.asked).toMatchObject([{ canWait: true }])
  expect(observed.asked[0]).not.toHaveProperty('obstacle')
})

test('with the profile of the token endpoint switched off, or its grants left out, nothing there can wait', async () => {
  const clients = clientsWith('secret', { grant_types: ['authorization_code', 'client_credentials'] } as never)
  for (const off of [{ profiles: { oauth: false } }, { grants: [] }]) {
    const configuration = 'grants' in off ? {} : { clients: [{ ...clients[0]!, response_types: ['code'] as ['code'] }] }
    const op = await startProvider({ configuration, deferred: { ...off, defer: () => true } })
    for (const name of ['authorization_code', 'client_credentials']) {
      const send = await openDoors[name]!.open(op, relyingParty(op.issuer))
      expect(await send(opted)).toMatchObject(refusal('access_denied', 'response_type=deferred_code'))
    }
    await op.close()
  }
})
