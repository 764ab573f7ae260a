import { expect, test } from 'vitest'
import { push, requestParams } from '../../../support/authorization.js'
import { authorizeDirectly, directRequest, firstPoll, withDirect } from '../../../support/direct.js'
import { withProvider } from '../../../support/provider.js'
import { codeVerifier, dpopKey, relyingParty } from '../../../support/relying_party.js'
import { useProvider } from '../../../support/use_provider.js'
import { userAgent } from '../../../support/user_agent.js'

const op = useProvider(withDirect())
const deferral = { deferral_code: expect.any(String) as unknown }
const refusal = { error: 'invalid_request', state: 'a state' }
const withoutPkce = { code_challenge: undefined, code_challenge_method: undefined }

test('X-008 code_challenge is required from every client', async () => {
  const { params } = await authorizeDirectly(relyingParty(op.issuer), withoutPkce)
  expect(params).toMatchObject({ ...refusal, iss: op.issuer })
})

test('X-008 in hint mode a request without it gets a code', async () => {
  await withProvider(withDirect({ optIn: 'hint' }), async ({ issuer }) => {
    const { params } = await authorizeDirectly(relyingParty(issuer), { ...withoutPkce, completion_mode: 'deferred' })
    expect(params).toMatchObject({ code: expect.any(String) })
  })
})

test('X-009 a public client sends dpop_jkt, or a proof with its pushed request', async () => {
  await withProvider(withDirect({ publicClients: true }), async ({ issuer }) => {
    const key = await dpopKey()
    const rp = relyingParty(issuer, 'public', key)
    expect((await authorizeDirectly(rp, { dpop_jkt: undefined })).params).toMatchObject(refusal)
    const { params } = await userAgent().visit(await push(rp, directRequest))
    expect(params).toMatchObject(deferral)
    const other = relyingParty(issuer, 'public', await dpopKey())
    const code = String(params.deferral_code)
    expect((await firstPoll(other, code)).body).toMatchObject({ error: 'invalid_dpop_proof' })
    expect((await firstPoll(rp, code)).body).toMatchObject({ error: 'authorization_pending' })
  })
})

test.each(['fragment', 'fragment.jwt'])('X-010 response_mode %s is refused', async (mode) => {
  const { params, url } = await authorizeDirectly(relyingParty(op.issuer), { response_mode: mode })
  expect(params.deferral_code).toBeUndefined()
  if (mode === 'fragment') expect(params).toMatchObject(refusal)
  expect(url?.hash).not.toBe('')
})

test('X-010 responseModes restricts them', async () => {
  await withProvider(withDirect({ responseModes: ['form_post'] }), async ({ issuer }) => {
    const rp = relyingParty(issuer)
    expect((await authorizeDirectly(rp)).params).toMatchObject(refusal)
    expect((await authorizeDirectly(rp, { response_mode: 'form_post' })).params).toMatchObject(deferral)
  })
})

test('X-011 client_notification_token is refused on the URL and in a pushed request: it belongs to the first poll', async () => {
  const rp = relyingParty(op.issuer)
  const token = { client_notification_token: 'a-token' }
  expect((await authorizeDirectly(rp, token)).params).toMatchObject(refusal)
  const pushed = await rp.post('/request', requestParams(rp, { ...directRequest, ...token }))
  expect(pushed).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  const { params } = await authorizeDirectly(rp)
  const answer = await firstPoll(rp, String(params.deferral_code), token)
  expect(answer.body).toMatchObject({ error: 'authorization_pending' })
})

test('X-012 what can fail fails now: a wrong method, a wrong redirect URI, an end-user who refuses', async () => {
  const rp = relyingParty(op.issuer)
  expect((await authorizeDirectly(rp, { code_challenge_method: 'plain' })).params).toMatchObject(refusal)
  expect((await authorizeDirectly(rp, { redirect_uri: 'https://rp.example/other' })).status).toBe(400)
  op.user.interaction = { refuses: true }
  expect((await authorizeDirectly(rp)).params).toMatchObject({ error: 'access_denied' })
  op.user.interaction = {}
})

test('X-015 what the end-user agreed to is kept: scope, claims, nonce, redirect_uri and the challenge', async () => {
  const rp = relyingParty(op.issuer)
  const claims = JSON.stringify({ id_token: { email: null } })
  const { params } = await authorizeDirectly(rp, { scope: 'openid email', claims, nonce: 'n', max_age: '300' })
  const code = String(params.deferral_code)
  expect(await op.provider.deferrals.get(code.slice(0, 22))).toMatchObject({
    profile: 'oauth',
    grantType: 'authorization_code',
    scope: ['openid', 'email'],
    claims: { id_token: { email: null } },
    accountId: expect.any(String),
  })
  expect((await firstPoll(rp, code, { code_verifier: `${codeVerifier}x` })).body.error).toBe('invalid_grant')
})
