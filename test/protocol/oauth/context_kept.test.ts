import type { Deferring } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { added, authorize } from '../../support/authorization.js'
import { oauthGrantType, redirectUri } from '../../support/clients.js'
import { authorizationCode, grants, redeem, request } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let deferring: Deferring | boolean
const adapter = memoryAdapter()
const errors: Error[] = []

beforeAll(async () => {
  op = await startProvider({
    configuration: { adapter },
    deferred: { defer: (_ctx, { canWait }) => canWait && deferring },
  })
  op.provider.on('server_error', (_ctx, error) => errors.push((error.cause as Error) ?? error))
})
afterAll(() => op.close())
beforeEach(() => {
  deferring = true
  op.user.interaction = {}
  errors.length = 0
})

test('without defer, evidence of any size costs a client that may not poll nothing: it gets its code, and its tokens', async () => {
  const at = await startProvider({ configuration: { adapter } })
  const rp = relyingParty(at.issuer, 'plain')
  const interaction = { context: { photo: 'x'.repeat(20_000) } }
  const { params } = await authorize(at, rp, { response_type: 'code' }, { interaction })
  expect(params).toMatchObject({ code: expect.any(String), state: 'a state' })
  expect(await adapter('AuthorizationCode').find(params.code as string)).not.toHaveProperty('deferralContext')
  expect(await redeem(rp, params.code as string)).toMatchObject({ status: 200 })
  await at.close()
})

describe.each([
  ['at the top', '{"__proto__":{"admin":true},"reason":"new device"}'],
  ['further in', '{"reason":{"__proto__":{"admin":true}}}'],
])('a member __proto__ %s is no context that can be kept', (_where, json) => {
  test.each(grants)('of defer, %s: server_error, and nothing is deferred without it', async (grant) => {
    deferring = { context: JSON.parse(json) }
    const { result, ...outcome } = await added(op, () => request(relyingParty(op.issuer), grant))
    expect(outcome.new).toEqual([])
    expect(result.answer).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('JSON') })])
  })

  test('of an interaction: no code without it', async () => {
    op.user.interaction = { context: JSON.parse(json) }
    await expect(authorizationCode(relyingParty(op.issuer))).rejects.toThrow()
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('JSON') })])
  })
})

test('C-I21 a client that may no longer poll need not repeat its hint: it is answered at once', async () => {
  const metadata = {
    client_id: 'dynamic',
    client_secret: 'dynamic',
    token_endpoint_auth_method: 'client_secret_post',
    redirect_uris: [redirectUri],
    response_types: ['code'],
  }
  const register = (...types: string[]) =>
    adapter('Client').upsert('dynamic', { ...metadata, grant_types: ['authorization_code', ...types] } as never, 0)
  const hint = { completion_mode: 'deferred' }
  for (const params of [hint, {}]) {
    await register(oauthGrantType)
    const rp = relyingParty(op.issuer, 'dynamic')
    const code = await authorizationCode(rp, hint)
    await register()
    const { status, body } = await redeem(rp, code, { client_secret: 'dynamic', ...params })
    expect({ status, error: body.error }).toEqual({ status: 200 })
  }
})
