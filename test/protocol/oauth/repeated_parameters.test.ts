import type { DeferRequest } from 'oidc-provider-deferred'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redirectUri } from '../../support/clients.js'
import { authorizationCode, held, pollDeferral, redeem, request, revoke } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { opaqueApi, resourceServers } from '../../support/resource_servers.js'

let op: TestProvider
let asked: DeferRequest | undefined

beforeAll(async () => {
  op = await startProvider({
    configuration: { features: { resourceIndicators: resourceServers } },
    deferred: {
      defer(_ctx, request) {
        asked = request
        return request.canWait
      },
    },
  })
})
afterAll(() => op.close())

const asks = { scope: 'read write', resource: opaqueApi }
const refused = { status: 400, body: { error: 'invalid_request' } }
const pending = { status: 400, body: { error: 'authorization_pending' } }

test('C-I08 a poll for client credentials may repeat scope and resource, and nothing else', async () => {
  const rp = relyingParty(op.issuer)
  const { deferralCode, id } = await held(op, rp, 'client_credentials', { params: asks })
  for (const other of [{ scope: 'read' }, { resource: 'https://other.example' }, { redirect_uri: redirectUri }]) {
    expect(await pollDeferral(rp, deferralCode, { ...asks, ...other })).toMatchObject(refused)
  }
  const repeated = { ...asks, scope: 'write read' }
  expect(await pollDeferral(rp, deferralCode, repeated)).toMatchObject(pending)
  await op.provider.deferrals.approve(id)
  expect(await pollDeferral(rp, deferralCode, repeated)).toMatchObject({ status: 200, body: { scope: 'read write' } })
})

test('C-I08 a poll for a code may repeat what the authorization request or the token request named', async () => {
  const rp = relyingParty(op.issuer)
  const turn = { request: { scope: 'openid read', resource: opaqueApi }, params: { resource: opaqueApi } }
  const { deferralCode } = await held(op, rp, 'authorization_code', turn)
  expect(await pollDeferral(rp, deferralCode, { scope: 'read openid', redirect_uri: redirectUri })).toMatchObject(
    pending,
  )
  op.clock.advance(5)
  expect(await pollDeferral(rp, deferralCode, { resource: opaqueApi })).toMatchObject(pending)
})

test('I-068 C-I08 a client must not send completion_mode with a poll, however exactly it repeats it', async () => {
  const rp = relyingParty(op.issuer)
  const { deferralCode } = await held(op, rp, 'client_credentials')
  expect(await pollDeferral(rp, deferralCode, { completion_mode: 'deferred' })).toMatchObject(refused)
})

test('a parameter without a value is an omitted one, at the token request, at polls and at the revocation', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp, { completion_mode: '' })
  expect((await redeem(rp, code, { completion_mode: '', client_notification_token: '' })).status).toBe(200)
  const params = { client_notification_token: ['', 'token'], code_verifier: '', resource: '' }
  const { answer } = await request(rp, 'authorization_code', { params })
  expect(asked?.params).toMatchObject({ completion_mode: 'deferred' })
  const names = ['scope', 'resource', 'redirect_uri', 'authorization_details', 'claims', 'code_verifier']
  const empty = Object.fromEntries([...names, 'completion_mode', 'deferred_auth_id'].map((name) => [name, '']))
  const handle = answer.body.deferral_code
  expect(await pollDeferral(rp, handle, { ...empty, resource: ['', ''] })).toMatchObject(pending)
  expect((await revoke(rp, handle, { token_type_hint: '' })).status).toBe(200)
  expect((await pollDeferral(rp, handle)).body.error).toBe('access_denied')
})
