import { allowInsecureRequests, authorizationCodeGrant, ClientSecretBasic, discovery } from 'openid-client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { added, authorize, clientOf, clientTypes, deferralOf, startEveryWay } from '../../support/authorization.js'
import { redirectUri } from '../../support/clients.js'
import { observedDefer } from '../../support/observed.js'
import type { TestProvider } from '../../support/provider.js'
import { codeChallenge, codeVerifier } from '../../support/relying_party.js'

let op: TestProvider
const observed = observedDefer(() => false)

beforeAll(async () => {
  op = await startEveryWay({ deferred: { defer: observed.defer } })
})
beforeEach(() => observed.reset())
afterAll(() => op.close())

const orders = ['deferred_code code', 'code deferred_code']

describe.each(orders)('%s', (type) => {
  test('O-016 O-023 O-024 O-025 C-O11 deferred: carries deferred_code and no code', async () => {
    observed.decide = () => true
    const outcome = await added(op, async () => authorize(op, await clientOf(op, 'secret'), { response_type: type }))
    expect(Object.keys(outcome.result.params).sort()).toEqual(['deferred_code', 'iss', 'state'])
    expect(outcome.new).toMatchObject([{ status: 'pending' }])
  })

  test.each(clientTypes)(
    'O-016 O-023 O-024 O-025 O-026 C-O11 not deferred: an ordinary code for the ordinary grant (%s)',
    async (clientId) => {
      const rp = await clientOf(op, clientId)
      const outcome = await added(op, () => authorize(op, rp, { response_type: type }))
      const { params } = outcome.result
      expect(Object.keys(params).sort()).toEqual(['code', 'iss', 'state'])
      expect(outcome.new).toEqual([])
      const verifier = clientId === 'public' ? { code_verifier: codeVerifier } : {}
      const redemption = { grant_type: 'authorization_code', redirect_uri: redirectUri, ...verifier }
      expect(await rp.token({ ...redemption, code: params.code! })).toMatchObject({
        status: 200,
        body: { access_token: expect.any(String), id_token: expect.any(String) },
      })
      expect(await rp.token({ ...redemption, code: params.code! })).toMatchObject({ body: { error: 'invalid_grant' } })
    },
  )
})

test('O-026 the code of an undeferred request is verified, and redeemed, by openid-client', async () => {
  const config = await discovery(new URL(op.issuer), 'secret', undefined, ClientSecretBasic('a secret of the client'), {
    execute: [allowInsecureRequests],
  })
  const rp = await clientOf(op, 'secret')
  const request = { response_type: 'deferred_code code', nonce: 'n', code_challenge: codeChallenge }
  const { url } = await authorize(op, rp, { ...request, code_challenge_method: 'S256' })
  const tokens = await authorizationCodeGrant(config, url!, {
    expectedState: 'a state',
    expectedNonce: 'n',
    pkceCodeVerifier: codeVerifier,
  })
  expect(tokens.claims()).toMatchObject({ sub: 'alice', nonce: 'n' })
})

test('C-O12 plain deferred_code is deferred also when defer says no', async () => {
  const { params } = await authorize(op, await clientOf(op, 'secret'))
  expect(params).not.toHaveProperty('code')
  expect(observed.asked).toHaveLength(1)
  expect(await deferralOf(op, params.deferred_code)).toMatchObject({ status: 'pending', context: {} })
})

test('C-O12 what is decided at once: the first poll yields tokens', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp)
  await op.provider.deferrals.approve((await deferralOf(op, params.deferred_code)).id)
  const { body } = await rp.exchange(params.deferred_code!)
  expect(await rp.poll(body.deferred_auth_id)).toMatchObject({
    status: 200,
    body: { access_token: expect.any(String) },
  })
})

test('defer is not observed.asked about requests that cannot be deferred', async () => {
  const { params } = await authorize(op, await clientOf(op, 'secret'), { response_type: 'code' })
  expect(params.code).toBeDefined()
  expect(observed.asked).toEqual([])
})

test.each(['deferred_code', ...orders])(
  'O-016 defer is observed.asked once, after every interaction (%s)',
  async (type) => {
    let started = 0
    const count = () => {
      started += 1
      expect(observed.asked).toEqual([])
    }
    op.provider.on('interaction.started', count)
    await authorize(op, await clientOf(op, 'secret'), { response_type: type })
    op.provider.off('interaction.started', count)
    expect(started).toBe(2)
    expect(observed.asked).toHaveLength(1)
  },
)

test('defer receives the documented request', async () => {
  const request = { response_type: 'deferred_code code', scope: 'openid email', nonce: 'n', login_hint: 'al' }
  await authorize(op, await clientOf(op, 'secret'), request)
  const [received] = observed.asked
  expect(received).toMatchObject({
    profile: 'openid',
    client: { clientId: 'secret' },
    account: { accountId: 'alice' },
    resource: [],
    params: {
      client_id: 'secret',
      response_type: 'code deferred_code',
      redirect_uri: redirectUri,
      state: 'a state',
      scope: 'openid email',
      nonce: 'n',
      login_hint: 'al',
    },
  })
  expect(received!.scope).toEqual(new Set(['openid', 'email']))
  expect(received).not.toHaveProperty('grantType')
  expect(received).not.toHaveProperty('authorizationDetails')
  expect(Object.isFrozen(received!.params)).toBe(true)
})

test('defer sets lifetime and interval of this deferral', async () => {
  observed.decide = () => ({ expiresIn: 3600, interval: 30 })
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp)
  expect((await rp.exchange(params.deferred_code!)).body).toMatchObject({ expires_in: 3600, interval: 30 })
})

test('without its own lifetime and interval those of the options count', async () => {
  observed.decide = () => ({})
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp)
  expect((await rp.exchange(params.deferred_code!)).body).toMatchObject({ expires_in: 86_400, interval: 5 })
})

test.each([
  ['a string', 'yes'],
  ['nothing', undefined],
  ['null', null],
  ['no lifetime', { expiresIn: 0 }],
  ['half a second', { expiresIn: 0.5 }],
  ['a negative interval', { interval: -5 }],
  ['an interval in words', { interval: '5' }],
])('O-035 O-037 a defer that answers %s is server_error, and nothing is deferred', async (_, wrong) => {
  observed.decide = () => wrong as never
  const outcome = await added(op, async () =>
    authorize(op, await clientOf(op, 'secret'), { response_type: 'deferred_code code' }),
  )
  // the host tells its own faults to the end-user, not to the client
  expect(outcome.result).toEqual({ status: 500, params: {}, html: expect.stringContaining('server_error') })
  expect(outcome.result.html).not.toMatch(/expiresIn|interval|TypeError/)
  expect(outcome.new).toEqual([])
})
