import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { Deferral, DeferredTokenResponseOptions } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  authorize,
  clientOf,
  clientTypes,
  deferralOf,
  redeem,
  signedIn,
  verified,
} from '../../support/authorization.js'
import { clients } from '../../support/clients.js'
import { startProvider, type TestProvider } from '../../support/provider.js'

type Claims = ReturnType<NonNullable<DeferredTokenResponseOptions['interimIdToken']>>

let op: TestProvider
let claims: () => Claims
let asked: { deferral: Deferral; clientId: string | undefined; accountId: string | undefined }[]

const partial = {
  given_name: 'Alice',
  email_verified: false,
  verified_claims: { verification: { trust_framework: 'de_aml' }, claims: { family_name: 'Example' } },
}

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      clients: clients.map((client) =>
        client.client_id === 'assertion' ? { ...client, id_token_signed_response_alg: 'ES256' } : client,
      ),
    },
    deferred: {
      interimIdToken(ctx, deferral) {
        asked.push({ deferral, clientId: ctx.oidc.client?.clientId, accountId: ctx.oidc.account?.accountId })
        return claims()
      },
    },
  })
})
beforeEach(() => {
  asked = []
  claims = () => partial
})
afterAll(() => op.close())

test.each(clientTypes)(
  'O-050 O-111 O-112 O-113 O-114 C25 C-O14 is a signed ID Token for this client with the nonce of the request (%s)',
  async (clientId) => {
    const rp = await clientOf(op, clientId)
    const { params } = await authorize(op, rp, { nonce: 'n' })
    const before = Math.floor(Date.now() / 1000)
    const { body } = await rp.exchange(params.deferred_code!)
    const token = body.interim_id_token
    const payload = await verified(op, token, clientId)
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: clientId === 'assertion' ? 'ES256' : 'RS256' })
    expect(payload).toMatchObject({ iss: op.issuer, aud: clientId, sub: 'alice', nonce: 'n', ...partial })
    expect(payload.exp! - payload.iat!).toBe(300)
    expect(payload.iat!).toBeGreaterThanOrEqual(before)
    expect(payload.iat!).toBeLessThanOrEqual(Math.floor(Date.now() / 1000))
    expect(payload).not.toHaveProperty('at_hash')
    expect(payload).not.toHaveProperty('c_hash')
  },
)

test('C25 C-O14 is marked, and the final ID Token is not', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp, { nonce: 'n' })
  const { body } = await rp.exchange(params.deferred_code!)
  expect(decodeJwt(body.interim_id_token).deferred).toEqual({ status: 'interim' })
  await op.provider.deferrals.approve((await deferralOf(op, params.deferred_code)).id)
  const final = decodeJwt((await rp.poll(body.deferred_auth_id)).body.id_token)
  expect(final).toMatchObject({ nonce: 'n', sub: 'alice' })
  for (const name of ['deferred', 'given_name', 'verified_claims']) expect(final).not.toHaveProperty(name)
})

test('C25 is no access token', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp)
  const { body } = await rp.exchange(params.deferred_code!)
  const response = await fetch(`${op.issuer}/me`, { headers: { authorization: `Bearer ${body.interim_id_token}` } })
  expect(response.status).toBe(401)
})

test('C25 is no id_token_hint', async () => {
  const rp = await clientOf(op, 'secret')
  const agent = await signedIn(op, rp)
  const { params } = await authorize(op, rp, {}, { agent })
  const { body } = await rp.exchange(params.deferred_code!)
  const hinted = await authorize(op, rp, { id_token_hint: body.interim_id_token, prompt: 'none' }, { agent })
  expect(hinted.params).toMatchObject({ error: 'invalid_request', state: 'a state' })
})

test('O-111 a request without openid gets none', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp, { scope: 'email' })
  const { status, body } = await rp.exchange(params.deferred_code!)
  expect([status, Object.keys(body)]).toEqual([200, ['deferred_auth_id', 'expires_in', 'interval']])
})

test('O-114 without a nonce in the request it has none', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp)
  const { body } = await rp.exchange(params.deferred_code!)
  expect(decodeJwt(body.interim_id_token)).not.toHaveProperty('nonce')
})

test('O-111 the callback sees request and deferral, and may give none this time', async () => {
  claims = () => undefined
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp, {}, { interaction: { context: { picture: '1' } } })
  const exchanged = await rp.exchange(params.deferred_code!)
  expect(exchanged.status).toBe(200)
  expect(exchanged.body).not.toHaveProperty('interim_id_token')
  const { id } = await deferralOf(op, params.deferred_code)
  expect(asked).toMatchObject([
    { clientId: 'secret', accountId: 'alice', deferral: { id, status: 'pending', context: { picture: '1' } } },
  ])
})

test('O-111 is given at the exchange only', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp)
  const { status, body } = await redeem(op, rp, params.deferred_code!)
  expect(status).toBe(200)
  expect(body).not.toHaveProperty('interim_id_token')
  expect(asked).toHaveLength(1)
})

test.each(['iss', 'sub', 'aud', 'exp', 'iat', 'nonce', 'at_hash', 'deferred'])(
  'C-O14 C25 the callback cannot set %s; the code is not spent',
  async (name) => {
    claims = () => ({ [name]: 'mine' })
    const rp = await clientOf(op, 'secret')
    const { params } = await authorize(op, rp)
    const failed = await rp.exchange(params.deferred_code!)
    expect(failed).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(await deferralOf(op, params.deferred_code)).not.toHaveProperty('exchangedAt')
    claims = () => partial
    expect(await rp.exchange(params.deferred_code!)).toMatchObject({ status: 200 })
  },
)

test('C-O14 a callback that fails is server_error; the code is not spent', async () => {
  claims = () => {
    throw new Error('register unreachable')
  }
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp)
  const failed = await rp.exchange(params.deferred_code!)
  expect(failed).toMatchObject({ status: 500, body: { error: 'server_error' } })
  expect(JSON.stringify(failed.body)).not.toMatch(/register/)
  claims = () => partial
  expect(await rp.exchange(params.deferred_code!)).toMatchObject({ status: 200 })
})

test('claims that change when they are written are server_error; the code is not spent', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp)
  for (const wrong of [new (class {})(), { at: { toJSON: () => 1 } }]) {
    claims = () => wrong as never
    expect(await rp.exchange(params.deferred_code!)).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(await deferralOf(op, params.deferred_code)).not.toHaveProperty('exchangedAt')
  }
})

test('O-111 C-O14 is off by default', async () => {
  const other = await startProvider()
  const rp = await clientOf(other, 'secret')
  const { params } = await authorize(other, rp)
  const { body } = await rp.exchange(params.deferred_code!)
  expect(Object.keys(body).sort()).toEqual(['deferred_auth_id', 'expires_in', 'interval'])
  await other.close()
})
