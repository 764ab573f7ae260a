import { decodeJwt, importJWK } from 'jose'
import { allowInsecureRequests, buildAuthorizationUrlWithJAR, discovery, PrivateKeyJwt } from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  added,
  authorize,
  clientOf,
  deferralOf,
  pushedUrl,
  redeem,
  requestObject,
  requestParams,
  responseOf,
  startEveryWay,
} from '../../support/authorization.js'
import { assertionKey, redirectUri } from '../../support/clients.js'
import type { TestProvider } from '../../support/provider.js'
import type { RelyingParty } from '../../support/relying_party.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider
let rp: RelyingParty

beforeAll(async () => {
  op = await startEveryWay({ deferred: { defer: () => true } })
  rp = await clientOf(op, 'assertion')
})
afterAll(() => op.close())

const request = {
  response_type: 'deferred_code',
  redirect_uri: redirectUri,
  scope: 'openid email',
  state: 'signed state',
  nonce: 'signed nonce',
}
const unsigned = { response_type: undefined, redirect_uri: undefined, scope: undefined, state: undefined }

/** Two ways to hand a request object over; the landing in a browser. */
const ways = {
  JAR: async (claims: object, params = {}) =>
    authorize(op, rp, { ...unsigned, ...params, request: await requestObject(op.issuer, { ...request, ...claims }) }),
  async 'PAR and JAR'(claims: object) {
    const body = { client_id: 'assertion', request: await requestObject(op.issuer, { ...request, ...claims }) }
    const pushed = await rp.post('/request', body)
    expect(pushed).toMatchObject({ status: 201 })
    op.user.interaction = {}
    return userAgent().visit(pushedUrl(rp, pushed.body.request_uri))
  },
}

describe.each(Object.entries(ways))('%s', (_, send) => {
  test.each(['deferred_code', 'deferred_code code', 'code deferred_code'])(
    'O-009 O-010 O-014 C11 a signed request of %s, to the tokens',
    async (type) => {
      const { params } = await send({ response_type: type })
      expect(params).toMatchObject({ state: 'signed state', iss: op.issuer })
      expect(await deferralOf(op, params.deferred_code)).toMatchObject({
        clientId: 'assertion',
        scope: ['openid', 'email'],
      })
      const { body } = await redeem(op, rp, params.deferred_code!)
      expect(decodeJwt(body.id_token)).toMatchObject({ nonce: 'signed nonce', aud: 'assertion' })
    },
  )

  test.each(['form_post', 'jwt'])('O-028 O-036 C14 response_mode %s is taken from within', async (mode) => {
    const landing = await send({ response_mode: mode })
    expect(Boolean(landing.url)).toBe(mode === 'jwt')
    expect(await responseOf(op, rp, landing)).toMatchObject({
      deferred_code: expect.any(String),
      state: 'signed state',
      iss: op.issuer,
    })
  })
})

test.each([
  ['the fragment', { response_mode: 'fragment' }, 'invalid_request'],
  ['a type that does not exist', { response_type: 'deferred_code token' }, 'unsupported_response_type'],
  ['a malformed max_age', { max_age: 'soon' }, 'invalid_request'],
  ['the wrong audience', { aud: 'https://another.example' }, 'invalid_request_object'],
  ['a past expiry', { exp: 1 }, 'invalid_request_object'],
  ["another client's id", { client_id: 'secret' }, 'invalid_request_object'],
])('O-014 O-015 O-028 a request object with %s is refused, with its state', async (_, claims, error) => {
  const outcome = await added(op, () => ways.JAR(claims, { redirect_uri: redirectUri, state: 'signed state' }))
  expect(outcome.result.params).toMatchObject({ error, state: 'signed state', iss: op.issuer })
  expect(outcome.new).toEqual([])
  const body = { client_id: 'assertion', request: await requestObject(op.issuer, { ...request, ...claims }) }
  expect(await rp.post('/request', body)).toMatchObject({ status: 400, body: { error } })
})

test('O-014 a forged signature is refused', async () => {
  const signed = await requestObject(op.issuer, request)
  const forged = `${signed.slice(0, -6)}AAAAAA`
  const outcome = await added(op, () => authorize(op, rp, { request: forged }))
  expect(outcome.result.params).toMatchObject({ error: 'invalid_request_object', iss: op.issuer })
  expect(outcome.new).toEqual([])
})

test('O-010 a response_type within that is not the one without is refused', async () => {
  const signed = await requestObject(op.issuer, request)
  const outcome = await added(op, () =>
    authorize(op, rp, { ...unsigned, redirect_uri: redirectUri, response_type: 'code', request: signed }),
  )
  expect(outcome.result.params).toMatchObject({ error: 'invalid_request_object' })
  expect(outcome.new).toEqual([])
})

test('O-010 C11 parameters beside the request object do not count', async () => {
  const signed = await requestObject(op.issuer, request)
  const { params } = await authorize(op, rp, { ...requestParams(rp), scope: 'openid payments', request: signed })
  expect(params.state).toBe('signed state')
  expect(await deferralOf(op, params.deferred_code)).toMatchObject({ scope: ['openid', 'email'] })
})

test('O-009 openid-client signs a request', async () => {
  const key = await importJWK(assertionKey.private as never, 'ES256')
  const signing = { key: key as Exclude<typeof key, Uint8Array>, kid: 'assertion' }
  const options = { execute: [allowInsecureRequests] }
  const config = await discovery(new URL(op.issuer), 'assertion', undefined, PrivateKeyJwt(signing), options)
  const url = await buildAuthorizationUrlWithJAR(config, request, signing)
  op.user.interaction = {}
  const { params } = await userAgent().visit(url.href)
  expect(params).toMatchObject({ deferred_code: expect.any(String), state: 'signed state' })
  expect(await rp.exchange(params.deferred_code!)).toMatchObject({ status: 200 })
})
