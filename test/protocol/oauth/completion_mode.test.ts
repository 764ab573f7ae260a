import type { Obstacle } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { added, clientsWith } from '../../support/authorization.js'
import { grantType, oauthGrantType, redirectUri } from '../../support/clients.js'
import { authorizationCode, grants, held, redeem, request, whoeverCan } from '../../support/deferral.js'
import { startProvider, type TestProvider, withProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'

const device = 'urn:ietf:params:oauth:grant-type:device_code'

let op: TestProvider
let asked: (Obstacle | undefined)[]

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      clients: clientsWith('secret', {
        grant_types: [grantType, oauthGrantType, 'authorization_code', 'refresh_token', 'client_credentials', device],
      }),
      features: { deviceFlow: { enabled: true } },
    },
    deferred: {
      defer(_ctx, { canWait, obstacle }) {
        asked.push(obstacle)
        return canWait
      },
    },
  })
})
beforeEach(() => {
  asked = []
})
afterAll(() => op.close())

const optIns = ['deferred', 'other deferred', 'a deferred b', ' deferred ', 'a  deferred', 'deferred_interactive']
const others = [
  undefined,
  '',
  ' ',
  'other',
  'Deferred',
  'DEFERRED',
  'deferred,other',
  'deferred\tother',
  'deferred+other',
  'notdeferred',
  'deferred_',
  '"deferred"',
  'true',
  'none',
]

describe.each(grants)('%s', (grant) => {
  // both grants ask the same function
  const some = (modes: (string | undefined)[]) => (grant === 'client_credentials' ? modes : modes.slice(0, 1))

  test.each(some(optIns))('I-018 I-020 I-021 I-023 C-I09 C-I24 completion_mode %j opts in', async (mode) => {
    const { answer } = await held(op, relyingParty(op.issuer), grant, { params: { completion_mode: mode } })
    expect(answer).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
    expect(asked).toEqual([undefined])
  })

  test.each(some(others))(
    'I-017 I-018 I-019 I-020 completion_mode %j does not opt in: the request is answered at once',
    async (mode) => {
      const rp = relyingParty(op.issuer)
      const { result, ...outcome } = await added(op, () => request(rp, grant, { params: { completion_mode: mode } }))
      expect(result.answer).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
      expect(result.answer.body).not.toHaveProperty('deferral_code')
      expect({ asked, ...outcome }).toEqual({ asked: ['completion_mode'], new: [] })
    },
  )

  test.each([
    ['one of them is deferred', ['other', 'deferred'], 400],
    ['none of them is', ['other', 'another'], 200],
  ])('I-020 C-I09 a repeated parameter is no error: %s', async (_, modes, status) => {
    const { answer } = await request(relyingParty(op.issuer), grant, { params: { completion_mode: modes } })
    expect(answer.status).toBe(status)
    expect(answer.body.error).toBe(status === 400 ? 'authorization_pending' : undefined)
  })

  test('I-017 completion_mode in the query does not opt in', async () => {
    const rp = relyingParty(op.issuer)
    const params =
      grant === 'client_credentials'
        ? { grant_type: grant }
        : { grant_type: grant, redirect_uri: redirectUri, code: await authorizationCode(rp) }
    expect(await rp.post('/token?completion_mode=deferred', params)).toMatchObject({ status: 200 })
    expect(asked).toEqual(['completion_mode'])
  })
})

test('I-019 C-I06 E-13 a public client without a key cannot wait', async () => {
  const rp = relyingParty(op.issuer, 'public')
  const { result, ...outcome } = await added(op, () => request(rp, 'authorization_code'))
  expect(result.answer).toMatchObject({ status: 200, body: { token_type: 'Bearer' } })
  expect({ asked, ...outcome }).toEqual({ asked: ['key'], new: [] })
})

test('C-I06 a public client with a key is deferred', async () => {
  const rp = relyingParty(op.issuer, 'public', await dpopKey())
  expect((await held(op, rp, 'authorization_code')).answer.status).toBe(400)
})

describe('I-021 grants that are never deferred take the parameter and ignore it', () => {
  test('C-I19 refresh_token', async () => {
    const rp = relyingParty(op.issuer)
    const code = await authorizationCode(rp, { scope: 'openid offline_access', prompt: 'consent' })
    const { body } = await redeem(rp, code)
    asked = []
    const refreshed = await rp.token({
      grant_type: 'refresh_token',
      refresh_token: body.refresh_token,
      completion_mode: 'deferred',
    })
    expect(refreshed).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
    expect(asked).toEqual([])
  })

  test('C-I35 the device grant: its own authorization_pending, without a deferral_code', async () => {
    const rp = relyingParty(op.issuer)
    const { body: started } = await rp.post('/device/auth', { client_id: 'secret', scope: 'openid' })
    const polled = await rp.token({
      grant_type: device,
      device_code: started.device_code,
      completion_mode: 'deferred',
    })
    expect(polled).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
    expect(polled.body).not.toHaveProperty('deferral_code')
    expect(asked).toEqual([])
  })
})

describe('I-006 E-56 where the profile is not spoken completion_mode harms nothing', () => {
  const plain = {
    grant_types: ['authorization_code', 'client_credentials'],
    response_types: ['code'] as ['code'],
  }
  const configuration = { clients: clientsWith('secret', plain).slice(0, 1) }
  const unspoken = { 'profiles.oauth: false': { profiles: { oauth: false } }, 'enabled: false': { enabled: false } }

  describe.each(Object.keys(unspoken))('%s', (name) => {
    test.each(grants)('token request: %s', async (grant) => {
      const deferred = { ...unspoken[name as keyof typeof unspoken], defer: whoeverCan }
      await withProvider({ configuration, deferred }, async (at) => {
        const { answer } = await request(relyingParty(at.issuer), grant, {
          request: { completion_mode: 'deferred' },
          params: { client_notification_token: 'a b' },
        })
        expect(answer).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
        expect(at.provider.deferrals && (await at.provider.deferrals.list()).deferrals).toEqual(
          name === 'enabled: false' ? undefined : [],
        )
      })
    })

    test('a hint that is then forgotten', async () => {
      await withProvider({ configuration, deferred: unspoken[name as keyof typeof unspoken] }, async (at) => {
        const rp = relyingParty(at.issuer)
        const code = await authorizationCode(rp, { completion_mode: 'deferred' })
        expect(await redeem(rp, code)).toMatchObject({ status: 200 })
      })
    })
  })
})
