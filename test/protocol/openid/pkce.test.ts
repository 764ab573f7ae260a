import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  added,
  authorize,
  clientOf,
  redeem,
  requestObject,
  requestParams,
  startEveryWay,
} from '../../support/authorization.js'
import { redirectUri } from '../../support/clients.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { codeChallenge, codeVerifier, dpopKey } from '../../support/relying_party.js'

let op: TestProvider
const s256 = { code_challenge: codeChallenge, code_challenge_method: 'S256' }
const none = { code_challenge: undefined, code_challenge_method: undefined }

beforeAll(async () => {
  op = await startEveryWay({
    configuration: { pkce: { required: (_ctx, { clientId }) => clientId !== 'secret' } },
    deferred: { defer: () => true },
  })
})
afterAll(() => op.close())

describe.each(['deferred_code', 'deferred_code code'])('%s', (type) => {
  test.each([
    ['no challenge where the host requires one', 'assertion', none],
    ['no challenge of a public client', 'public', none],
    ['plain', 'assertion', { code_challenge: codeVerifier, code_challenge_method: 'plain' }],
    ['plain, though nothing is required', 'secret', { code_challenge: codeVerifier, code_challenge_method: 'plain' }],
    ['a challenge without its method', 'assertion', { code_challenge: codeChallenge }],
    ['a method without a challenge', 'assertion', { code_challenge_method: 'S256' }],
    ['a malformed challenge', 'assertion', { code_challenge: 'too short', code_challenge_method: 'S256' }],
  ])('C-O06 C12 %s is refused at the authorization endpoint', async (_, clientId, params) => {
    const rp = await clientOf(op, clientId)
    const outcome = await added(op, () => authorize(op, rp, { ...none, response_type: type, ...params }))
    expect(outcome.result.params).toMatchObject({ error: 'invalid_request', state: 'a state', iss: op.issuer })
    expect(outcome.new).toEqual([])
    const pushed = await rp.post('/request', requestParams(rp, { ...none, response_type: type, ...params }))
    expect(pushed).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  test.each(['assertion', 'public'])('C-O06 C12 the exchange checks the S256 challenge (%s)', async (clientId) => {
    const rp = await clientOf(op, clientId)
    const { params } = await authorize(op, rp, { response_type: type, ...s256 })
    const code = params.deferred_code!
    for (const verifier of [undefined, `${codeVerifier}x`, '']) {
      expect(await rp.exchange(code, { code_verifier: verifier })).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
      })
    }
    expect(await rp.exchange(code, { code_verifier: codeVerifier })).toMatchObject({ status: 200 })
  })
})

test('C-O06 C12 a verifier without a challenge is refused at the exchange', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp)
  const exchanged = await rp.exchange(params.deferred_code!, { code_verifier: codeVerifier })
  expect(exchanged).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('C12 the challenge of a request object counts', async () => {
  const rp = await clientOf(op, 'assertion')
  const request = { response_type: 'deferred_code', redirect_uri: redirectUri, scope: 'openid', state: 'a state' }
  const without = await authorize(op, rp, { ...s256, request: await requestObject(op.issuer, request) })
  expect(without.params).toMatchObject({ error: 'invalid_request', state: 'a state' })
  const { params } = await authorize(op, rp, { request: await requestObject(op.issuer, { ...request, ...s256 }) })
  expect(await rp.exchange(params.deferred_code!, { code_verifier: codeVerifier })).toMatchObject({ status: 200 })
})

describe('dpop_jkt', () => {
  test('O-013 C57 binds the exchange to its key, and the tokens with it', async () => {
    const [mine, another] = [await dpopKey(), await dpopKey()]
    const rp = { ...(await clientOf(op, 'secret')) }
    const { params } = await authorize(op, rp, { dpop_jkt: mine.jkt })
    for (const dpop of [undefined, another]) {
      expect(await rp.exchange(params.deferred_code!, {}, { dpop })).toMatchObject({
        status: 400,
        body: { error: 'invalid_dpop_proof' },
      })
    }
    const bound = { ...rp, exchange: (code: string) => rp.exchange(code, {}, { dpop: mine }) }
    const tokens = await redeem(op, { ...bound, poll: (id) => rp.poll(id, {}, { dpop: mine }) }, params.deferred_code!)
    expect(tokens).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
  })

  test('O-013 survives a combined request that is not deferred', async () => {
    const other = await startProvider()
    const [mine, another] = [await dpopKey(), await dpopKey()]
    const rp = await clientOf(other, 'secret')
    const { params } = await authorize(other, rp, { response_type: 'deferred_code code', dpop_jkt: mine.jkt })
    const redemption = { grant_type: 'authorization_code', code: params.code!, redirect_uri: redirectUri }
    expect((await rp.token(redemption, { dpop: another })).status).toBe(400)
    await other.close()
  })
})
