import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  added,
  authorize,
  clientOf,
  clientTypes,
  deferralOf,
  redeem,
  requestParams,
  signedIn,
  startEveryWay,
} from '../../support/authorization.js'
import { redirectUri } from '../../support/clients.js'
import type { TestProvider } from '../../support/provider.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider

beforeAll(async () => {
  op = await startEveryWay({
    configuration: {
      acrValues: ['urn:acr:high', 'urn:acr:low'],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], amr: null } as never,
      enableHttpPostMethods: true,
      cookies: { keys: ['test'], long: { sameSite: 'none' } },
      extraParams: ['branch'],
    },
    deferred: { defer: () => true },
  })
})
afterAll(() => op.close())

describe('response_type', () => {
  const accepted = ['deferred_code', 'deferred_code code', 'code deferred_code']

  test.each(clientTypes.flatMap((clientId) => accepted.map((type) => [clientId, type] as const)))(
    'O-003 O-010 O-027 %s client: %s is accepted, whatever the order of its words',
    async (clientId, type) => {
      const outcome = await added(op, async () => authorize(op, await clientOf(op, clientId), { response_type: type }))
      expect(outcome.result.params).toMatchObject({ deferred_code: expect.any(String), state: 'a state' })
      expect(outcome.new).toMatchObject([{ profile: 'openid', status: 'pending', clientId, accountId: 'alice' }])
    },
  )

  test.each([
    'deferred_code id_token',
    'deferred_code token',
    'deferred_code code id_token',
    'deferred_code none',
    'deferred',
    'Deferred_Code',
  ])('O-010 %s is unsupported', async (type) => {
    const outcome = await added(op, async () =>
      authorize(op, await clientOf(op, 'secret'), { response_type: type, nonce: 'n' }),
    )
    expect(outcome.result.params).toMatchObject({
      error: 'unsupported_response_type',
      state: 'a state',
      iss: op.issuer,
    })
    expect(outcome.new).toEqual([])
  })

  test('O-010 is required', async () => {
    const outcome = await added(op, async () =>
      authorize(op, await clientOf(op, 'secret'), { response_type: undefined }),
    )
    expect(outcome.result.params).toMatchObject({ error: 'invalid_request', state: 'a state', iss: op.issuer })
    expect(outcome.new).toEqual([])
  })
})

test('O-009 a request by POST is as good as one by GET', async () => {
  const rp = await clientOf(op, 'secret')
  op.user.interaction = {}
  const form = new URLSearchParams(requestParams(rp))
  const { params } = await userAgent().visit(`${op.issuer}/auth`, { form })
  expect(params).toMatchObject({ deferred_code: expect.any(String), state: 'a state' })
})

test('O-009 C09 the order of scopes makes no difference', async () => {
  const rp = await clientOf(op, 'secret')
  const scopes = ['openid email', 'email openid']
  const [forth, back] = await Promise.all(
    scopes.map(async (scope) => {
      const { params } = await authorize(op, rp, { scope })
      const { scope: deferred } = await deferralOf(op, params.deferred_code)
      const { body } = await redeem(op, rp, params.deferred_code!)
      const { sub, email, email_verified } = decodeJwt(body.id_token)
      return { deferred: deferred.toSorted(), granted: body.scope.split(' ').sort(), sub, email, email_verified }
    }),
  )
  expect(back).toEqual(forth)
  expect(forth).toMatchObject({ deferred: ['email', 'openid'], granted: ['email', 'openid'] })
})

describe('O-012 O-015 C05 every other parameter is validated as ever', () => {
  test.each([
    ['max_age=soon', { max_age: 'soon' }, 'invalid_request'],
    ['prompt=fly', { prompt: 'fly' }, 'invalid_request'],
    ['prompt=none login', { prompt: 'none login' }, 'invalid_request'],
    ['claims that are no JSON', { claims: '{' }, 'invalid_request'],
    ['claims that ask for nothing', { claims: '{}' }, 'invalid_request'],
    ['an id_token_hint nobody signed', { id_token_hint: 'x.y.z' }, 'invalid_request'],
    ['registration', { registration: '{}' }, 'registration_not_supported'],
    ['a request_uri of no pushed request', { request_uri: 'https://rp.example/r' }, 'request_uri_not_supported'],
    ['a broken request object', { request: 'x' }, 'invalid_request_object'],
  ])('%s', async (_, params, error) => {
    const outcome = await added(op, async () => authorize(op, await clientOf(op, 'secret'), params))
    expect(outcome.result.params).toMatchObject({ error, state: 'a state', iss: op.issuer })
    expect(outcome.new).toEqual([])
  })

  test.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['a foreign redirect_uri', { redirect_uri: 'https://evil.example/cb' }],
  ])('%s is told to the end-user, not to the redirect_uri', async (_, params) => {
    const outcome = await added(op, async () => authorize(op, await clientOf(op, 'secret'), params))
    expect(outcome.result.status).toBe(400)
    expect(outcome.result.url).toBeUndefined()
    expect(outcome.new).toEqual([])
  })

  test('a parameter sent twice', async () => {
    const rp = await clientOf(op, 'secret')
    const outcome = await added(op, () => userAgent().visit(`${rp.authorizationUrl()}&nonce=a&nonce=b`))
    expect(outcome.result.params).toMatchObject({ error: 'invalid_request', iss: op.issuer })
    expect(outcome.new).toEqual([])
  })
})

describe('O-009 O-063 the request binds what comes at the end:', () => {
  const tokens = async (params: Record<string, string>, interaction = {}) => {
    const rp = await clientOf(op, 'secret')
    const landing = await authorize(op, rp, params, { interaction })
    const { body } = await redeem(op, rp, landing.params.deferred_code!)
    return { idToken: decodeJwt(body.id_token), landing }
  }

  test('max_age makes auth_time, of the authentication and not of the decision', async () => {
    const before = Math.floor(Date.now() / 1000)
    const { idToken } = await tokens({ max_age: '600' })
    expect(idToken.auth_time).toBeGreaterThanOrEqual(before)
    expect(idToken.auth_time).toBeLessThanOrEqual(Math.floor(Date.now() / 1000))
    expect((await tokens({})).idToken).not.toHaveProperty('auth_time')
  })

  test('acr_values makes acr, with what the end-user achieved', async () => {
    const { idToken } = await tokens({ acr_values: 'urn:acr:high urn:acr:low' }, { acr: 'urn:acr:low' })
    expect(idToken.acr).toBe('urn:acr:low')
  })

  test('claims decides what is in the ID Token', async () => {
    const claims = JSON.stringify({ id_token: { email: null, amr: { essential: true } } })
    const { idToken, landing } = await tokens({ claims }, { amr: ['pwd', 'otp'] })
    expect(idToken).toMatchObject({ email: 'alice@example.com', amr: ['pwd', 'otp'] })
    expect(idToken).not.toHaveProperty('email_verified')
    expect((await deferralOf(op, landing.params.deferred_code)).claims).toEqual(JSON.parse(claims))
    expect((await tokens({})).idToken).not.toHaveProperty('email')
  })

  test('login_hint reaches the login page', async () => {
    const hints: unknown[] = []
    const listen = (_ctx: unknown, prompt: { name: string; details: Record<string, unknown> }) => {
      hints.push([prompt.name, prompt.details.login_hint])
    }
    op.provider.on('interaction.started', listen as never)
    await tokens({ login_hint: 'alice@example.com' })
    op.provider.off('interaction.started', listen as never)
    expect(hints).toContainEqual(['login', 'alice@example.com'])
  })

  test('an id_token_hint for the one signed in needs no interaction', async () => {
    const rp = await clientOf(op, 'secret')
    const agent = await signedIn(op, rp)
    const first = await authorize(op, rp, {}, { agent })
    const { body } = await redeem(op, rp, first.params.deferred_code!)
    const { params } = await authorize(op, rp, { id_token_hint: body.id_token, prompt: 'none' }, { agent })
    expect(params.deferred_code).toBeDefined()
  })
})

test('O-013 C-O13 an unknown parameter is ignored', async () => {
  const { params } = await authorize(op, await clientOf(op, 'secret'), { color: 'green', completion_mode: 'deferred' })
  expect(params.deferred_code).toBeDefined()
})

test("O-013 the integrator's extra parameters reach the interaction", async () => {
  const rp = await clientOf(op, 'secret')
  const seen: unknown[] = []
  const listen = (ctx: { oidc: { params: Record<string, unknown> } }) => {
    seen.push([ctx.oidc.params.branch, ctx.oidc.params.redirect_uri])
  }
  op.provider.on('interaction.started', listen as never)
  await authorize(op, rp, { branch: 'Utrecht' })
  op.provider.off('interaction.started', listen as never)
  expect(seen).toContainEqual(['Utrecht', redirectUri])
})
