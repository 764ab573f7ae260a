import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { added, clientsWith } from '../../support/authorization.js'
import { redirectUri } from '../../support/clients.js'
import { authorizationCode, held, redeem } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import {
  codeChallenge,
  codeVerifier,
  type DpopKey,
  dpopKey,
  type Extras,
  relyingParty,
} from '../../support/relying_party.js'
import { resourceIndicators } from '../../support/rich_authorization_requests.js'

let op: TestProvider
let asked: number
let key: DpopKey

beforeAll(async () => {
  key = await dpopKey()
  op = await startProvider({
    configuration: {
      scopes: ['openid', 'offline_access', 'payments', 'email'],
      clients: clientsWith('secret', { scope: 'openid payments' }).map((client) =>
        client.client_id === 'other' ? { ...client, dpop_bound_access_tokens: true } : client,
      ),
      features: { resourceIndicators },
    },
    deferred: {
      defer() {
        asked += 1
        return true
      },
    },
  })
})
beforeEach(() => {
  asked = 0
})
afterAll(() => op.close())

type Params = Record<string, string | string[] | undefined>

interface Wrong {
  params?: Params
  extras?: Extras
  clientId?: string
  /** the host has consumed the code by then */
  codeIsLost?: boolean
}

const unauthenticated = { headers: { authorization: 'Basic c2VjcmV0Ondyb25n' } }
const replayed = async () => ({ headers: { dpop: await key.proof(`${op.issuer}/token`, { jti: 'replayed' }) } })

const wrongCodeRequests: Record<string, Wrong> = {
  'a wrong code': { params: { code: 'wrong' } },
  'no code': { params: { code: undefined } },
  'a wrong verifier': { params: { code_verifier: `${codeVerifier}x` } },
  'no verifier': { params: { code_verifier: undefined } },
  'a wrong redirect_uri': { params: { redirect_uri: 'https://rp.example/other' } },
  'no client authentication': { extras: unauthenticated },
  'another client': { clientId: 'plain' },
  'a doubled code': { params: { code: ['a', 'b'] } },
  'a broken proof': { extras: { headers: { dpop: 'broken' } } },
  'a resource that is none': { params: { resource: 'https://evil.example/' }, codeIsLost: true },
  'a resource that was not asked for': { params: { resource: 'https://books.example/' }, codeIsLost: true },
}

describe('I-028 I-032 I-033 an authorization_code request is validated in full, before anything else', () => {
  const request = {
    scope: 'openid',
    resource: 'https://pay.example/',
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
  }
  const send = (code: string, { params = {}, extras = {}, clientId = 'secret' }: Wrong, more: Params = {}) =>
    redeem(relyingParty(op.issuer, clientId), code, { code_verifier: codeVerifier, ...params, ...more }, extras)
  const newCode = () => authorizationCode(relyingParty(op.issuer), request)

  test.each(Object.keys(wrongCodeRequests))(
    '%s is refused as without completion_mode, and leaves no deferral',
    async (name) => {
      const wrong = wrongCodeRequests[name] as Wrong
      const expected = await send(await newCode(), wrong)
      expect(expected.status).toBeGreaterThanOrEqual(400)
      const code = await newCode()
      const { result, ...outcome } = await added(op, () => send(code, wrong, { completion_mode: 'deferred' }))
      expect({ status: result.status, body: result.body }).toEqual({ status: expected.status, body: expected.body })
      expect({ asked, ...outcome }).toEqual({ asked: 0, new: [] })
      const again = await send(code, {}, { completion_mode: 'deferred' })
      expect(again.body.error).toBe(wrong.codeIsLost ? 'invalid_grant' : 'authorization_pending')
    },
  )

  test('a notification token that is none does not hide what is wrong with the code', async () => {
    const wrong = { params: { code_verifier: `${codeVerifier}x` } }
    const sent = { completion_mode: 'deferred', client_notification_token: 'a b' }
    expect((await send(await newCode(), wrong, sent)).body.error).toBe('invalid_grant')
  })
})

const wrongClientRequests: Record<string, Wrong> = {
  'no client authentication': { extras: unauthenticated },
  'a scope beyond what is registered': { params: { scope: 'payments email' } },
  'a doubled scope': { params: { scope: ['payments', 'openid'] } },
  'a resource that is none': { params: { resource: 'https://evil.example/' } },
  'two resources': { params: { resource: ['https://pay.example/', 'https://books.example/'] } },
  'a resource that is no URI': { params: { resource: 'pay' } },
  'a broken proof': { extras: { headers: { dpop: 'broken' } } },
  'no proof, where one is demanded': { clientId: 'other' },
  'a client that may not use the grant': { clientId: 'plain' },
}

describe('I-028 I-032 I-033 a client_credentials request is validated in full, before anything else', () => {
  test.each(Object.keys(wrongClientRequests))(
    '%s is refused as without completion_mode, and leaves no deferral',
    async (name) => {
      const { params = {}, extras = {}, clientId = 'secret' } = wrongClientRequests[name] as Wrong
      const send = (more: Params) =>
        relyingParty(op.issuer, clientId).token({ grant_type: 'client_credentials', ...params, ...more }, extras)
      const expected = await send({})
      expect(expected.status).toBeGreaterThanOrEqual(400)
      const { result, ...outcome } = await added(op, () => send({ completion_mode: 'deferred' }))
      expect({ status: result.status, body: result.body }).toEqual({ status: expected.status, body: expected.body })
      expect({ asked, ...outcome }).toEqual({ asked: 0, new: [] })
    },
  )

  test('a proof that was used before', async () => {
    const rp = relyingParty(op.issuer)
    const extras = await replayed()
    const params = { grant_type: 'client_credentials', completion_mode: 'deferred' }
    expect((await rp.token(params, extras)).body.error).toBe('authorization_pending')
    const { result, ...outcome } = await added(op, () => rp.token(params, extras))
    expect(result).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/^invalid_(grant|dpop_proof)$/) },
    })
    expect(outcome.new).toEqual([])
  })
})

test('I-031 the grant_type stays that of the grant: with that of polls nothing can be started', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  const polls = 'urn:ietf:params:oauth:grant-type:deferred'
  const opted = { completion_mode: 'deferred', grant_type: polls }
  const { result, ...outcome } = await added(op, () => rp.token({ ...opted, code, redirect_uri: redirectUri }))
  expect(result).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  expect(outcome.new).toEqual([])
  const { id } = await held(op, rp, 'authorization_code')
  expect(await op.provider.deferrals.get(id)).toMatchObject({ grantType: 'authorization_code', profile: 'oauth' })
})

describe('I-034 client_notification_token', () => {
  const params = { grant_type: 'client_credentials', completion_mode: 'deferred' }

  test.each(['a', 'A-._~+/1==', 'x'.repeat(1024)])('%.20s is taken, and never shown again', async (token) => {
    const rp = relyingParty(op.issuer)
    const { answer, id } = await held(op, rp, 'client_credentials', { params: { client_notification_token: token } })
    expect(answer.body.error).toBe('authorization_pending')
    expect(Object.keys(answer.body)).not.toContain('client_notification_token')
    const shown = Object.values((await op.provider.deferrals.get(id)) ?? {})
    expect(shown).not.toContain(token)
  })

  test.each(['a b', 'a"', '=', 'x'.repeat(1025)])(
    '%.20j, which is no bearer token, is invalid_request',
    async (token) => {
      const rp = relyingParty(op.issuer)
      const { result, ...outcome } = await added(op, () => rp.token({ ...params, client_notification_token: token }))
      expect(result).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
      expect(result.body.error_description).toContain('client_notification_token')
      expect(outcome.new).toEqual([])
    },
  )

  test('of the other draft is not looked at', async () => {
    const rp = relyingParty(op.issuer)
    const { answer } = await held(op, rp, 'client_credentials', { params: { deferred_notification_token: 'a b' } })
    expect(answer.status).toBe(400)
  })
})
