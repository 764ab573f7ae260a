import { expect, test } from 'vitest'
import { clientsWith, push, requestObject, signedIn } from '../../../support/authorization.js'
import { redeem } from '../../../support/deferral.js'
import { authorizeDirectly, directRequest, withDirect } from '../../../support/direct.js'
import { observedDefer } from '../../../support/observed.js'
import { withProvider } from '../../../support/provider.js'
import { codeVerifier, dpopKey, relyingParty } from '../../../support/relying_party.js'
import { useProvider } from '../../../support/use_provider.js'
import { userAgent } from '../../../support/user_agent.js'

const op = useProvider(withDirect())
const deferral = { deferral_code: expect.any(String) as unknown }
const code = { code: expect.any(String) as unknown }

test.each([
  ['deferred', code],
  ['deferred_direct', code],
  ['deferred deferred_direct', deferral],
  ['deferred_direct unknown deferred', deferral],
  ['deferred_interactive deferred_direct', deferral],
  [undefined, code],
])('X-006 completion_mode %s', async (completionMode, expected) => {
  const { params } = await authorizeDirectly(relyingParty(op.issuer), { completion_mode: completionMode })
  expect(params).toMatchObject(expected)
})

test('X-006 a client whose metadata say so need not send completion_mode, and does not opt in at the token endpoint with it', async () => {
  const clients = clientsWith('secret', { deferred_direct: true })
  await withProvider(withDirect(true, { configuration: { clients } }), async ({ issuer }) => {
    const { params } = await authorizeDirectly(relyingParty(issuer), { completion_mode: undefined })
    expect(params).toMatchObject(deferral)
  })
})

test('X-006 optIn hint: the hint of pull request 47 is enough', async () => {
  await withProvider(withDirect({ optIn: 'hint' }), async ({ issuer }) => {
    const rp = relyingParty(issuer)
    expect((await authorizeDirectly(rp, { completion_mode: 'deferred' })).params).toMatchObject(deferral)
    expect((await authorizeDirectly(rp, { completion_mode: undefined })).params).toMatchObject(code)
  })
})

test('X-006 a pushed request governs, not the query', async () => {
  const rp = relyingParty(op.issuer)
  const agent = userAgent()
  const plain = await push(rp, { ...directRequest, completion_mode: undefined })
  expect((await agent.visit(`${plain}&completion_mode=deferred%20deferred_direct`)).params).toMatchObject(code)
  expect((await agent.visit(await push(rp, directRequest))).params).toMatchObject(deferral)
})

test('X-006 a request object governs, with completion_mode as one string', async () => {
  const rp = relyingParty(op.issuer, 'assertion')
  const claims = { redirect_uri: 'https://rp.example/cb', scope: 'openid', state: 'a state', ...directRequest }
  const request = await requestObject(op.issuer, claims)
  const agent = userAgent()
  expect((await agent.visit(rp.authorizationUrl({ request, response_type: 'code' }))).params).toMatchObject(deferral)
  const array = await requestObject(op.issuer, { ...claims, completion_mode: ['deferred', 'deferred_direct'] })
  expect((await agent.visit(rp.authorizationUrl({ request: array, response_type: 'code' }))).params).not.toMatchObject(
    deferral,
  )
})

test.each(['deferred_code', 'code deferred_code'])(
  'X-007 with response_type %s the opt-in has no effect',
  async (type) => {
    const { params } = await authorizeDirectly(relyingParty(op.issuer), { response_type: type })
    expect(params).toMatchObject({ deferred_code: expect.any(String) })
  },
)

test('X-004 a client that is not registered for the grant of polls gets a code', async () => {
  const clients = clientsWith('secret', { grant_types: ['authorization_code'], response_types: ['code'] })
  await withProvider(
    withDirect(true, { configuration: { clients }, deferred: { defer: () => false } }),
    async ({ issuer }) => {
      expect((await authorizeDirectly(relyingParty(issuer))).params).toMatchObject(code)
    },
  )
})

test('X-004 with grants that leave out authorization_code there is no direct deferral', async () => {
  await withProvider(withDirect(true, { deferred: { grants: ['client_credentials'] } }), async ({ issuer }) => {
    expect((await authorizeDirectly(relyingParty(issuer))).params).toMatchObject(code)
  })
})

test('X-005 a public client gets a code, unless publicClients is on', async () => {
  const key = await dpopKey()
  expect((await authorizeDirectly(relyingParty(op.issuer, 'public', key))).params).toMatchObject(code)
  await withProvider(withDirect({ publicClients: true }), async ({ issuer }) => {
    expect((await authorizeDirectly(relyingParty(issuer, 'public', key))).params).toMatchObject(deferral)
  })
})

test('X-013 defer may still say no: the client gets a code, and deferred must be repeated with it', async () => {
  const observed = observedDefer(() => false)
  await withProvider(withDirect(true, { deferred: { defer: observed.defer } }), async ({ issuer }) => {
    const rp = relyingParty(issuer)
    const { params } = await authorizeDirectly(rp)
    expect(params).toMatchObject(code)
    expect(observed.asked).toMatchObject([{ profile: 'oauth', grantType: 'authorization_code', canWait: true }])
    observed.decide = () => true
    const pkce = { code_verifier: codeVerifier }
    expect((await redeem(rp, String(params.code), pkce)).body).toMatchObject({ error: 'invalid_request' })
    const answer = await redeem(rp, String(params.code), { ...pkce, completion_mode: 'deferred deferred_direct' })
    expect(answer.body).toMatchObject({ error: 'authorization_pending', deferral_code: expect.any(String) })
  })
})

test('X-014 prompt=none works: session and Grant suffice', async () => {
  const rp = relyingParty(op.issuer)
  const agent = await signedIn(op, rp)
  expect((await authorizeDirectly(rp, { prompt: 'none' }, agent)).params).toMatchObject(deferral)
  expect((await authorizeDirectly(rp, { prompt: 'none' })).params).toMatchObject({ error: 'login_required' })
})
