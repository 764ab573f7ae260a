import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { added, authorize, clientOf, responseOf, startEveryWay } from '../../support/authorization.js'
import type { TestProvider } from '../../support/provider.js'

let op: TestProvider

beforeAll(async () => {
  op = await startEveryWay()
})
afterAll(() => op.close())

/** How each mode looks on the wire. */
const modes = [
  { mode: undefined, where: 'query', signed: false },
  { mode: 'query', where: 'query', signed: false },
  { mode: 'form_post', where: 'form', signed: false },
  { mode: 'jwt', where: 'query', signed: true },
  { mode: 'query.jwt', where: 'query', signed: true },
  { mode: 'form_post.jwt', where: 'form', signed: true },
]

describe.each(modes)('response_mode $mode', ({ mode, where, signed }) => {
  test('O-021 O-022 O-025 O-027 C05 C14 C-O20 carries the deferred code', async () => {
    const rp = await clientOf(op, 'secret')
    const landing = await authorize(op, rp, { response_mode: mode })
    expect(landing.url?.search ? 'query' : 'form').toBe(where)
    expect(landing.url?.hash ?? '').toBe('')
    expect(Object.keys(landing.params)).toEqual(signed ? ['response'] : expect.not.arrayContaining(['response']))
    const response = await responseOf(op, rp, landing)
    expect(response).toMatchObject({ deferred_code: expect.any(String), state: 'a state', iss: op.issuer })
    for (const name of ['code', 'access_token', 'token_type', 'id_token', 'error']) {
      expect(response).not.toHaveProperty(name)
    }
    expect(await rp.exchange(response.deferred_code!)).toMatchObject({ status: 200 })
  })

  test.each([
    ['deferred_code code', 'access_denied', { refuses: true }, {}],
    ['deferred_code', 'login_required', {}, { prompt: 'none' }],
  ])('O-028 O-035 O-036 C07 C14 carries an error, %s: %s', async (type, error, interaction, params) => {
    const rp = await clientOf(op, 'secret')
    const outcome = await added(op, () =>
      authorize(op, rp, { response_type: type, response_mode: mode, ...params }, { interaction }),
    )
    const landing = outcome.result
    expect(landing.url?.search ? 'query' : 'form').toBe(where)
    expect(Object.keys(landing.params)).toEqual(signed ? ['response'] : expect.not.arrayContaining(['response']))
    const response = await responseOf(op, rp, landing)
    expect(response).toMatchObject({ error, error_description: expect.any(String), state: 'a state', iss: op.issuer })
    expect(response).not.toHaveProperty('deferred_code')
    expect(outcome.new).toEqual([])
  })
})

test('C14 a signed response is for the client, and short-lived', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp, { response_mode: 'jwt' })
  const now = Math.floor(Date.now() / 1000)
  const { exp, aud } = decodeJwt(params.response!)
  expect(aud).toBe('secret')
  expect(exp! - now).toBeLessThanOrEqual(600)
})

describe('fragment', () => {
  const request = (mode: string, type: string) => ({ response_mode: mode, response_type: type })
  test.each([
    ['fragment', 'deferred_code'],
    ['fragment', 'code deferred_code'],
    ['fragment.jwt', 'deferred_code code'],
  ])('O-036 C-O20 %s is refused in the fragment, %s', async (mode, type) => {
    const rp = await clientOf(op, 'secret')
    const outcome = await added(op, () => authorize(op, rp, request(mode, type)))
    const { url } = outcome.result
    expect(url?.search).toBe('')
    expect(url?.hash).not.toBe('')
    const { error, state, iss } = await responseOf(op, rp, outcome.result)
    expect([error, state, iss]).toEqual(['invalid_request', 'a state', op.issuer])
    expect(outcome.new).toEqual([])
  })

  test('C-O20 a plain code request may use the fragment as ever', async () => {
    const landing = await authorize(op, await clientOf(op, 'secret'), request('fragment', 'code'))
    expect(landing.url?.hash).toMatch(/code=/)
  })
})

test('O-036 an unknown response mode is an error by query', async () => {
  const outcome = await added(op, async () =>
    authorize(op, await clientOf(op, 'secret'), { response_mode: 'carrier_pigeon' }),
  )
  expect(outcome.result.url?.hash).toBe('')
  expect(outcome.result.params).toMatchObject({
    error: 'unsupported_response_mode',
    state: 'a state',
    iss: op.issuer,
  })
  expect(outcome.new).toEqual([])
})
