import { decodeJwt } from 'jose'
import { allowInsecureRequests, buildAuthorizationUrlWithPAR, ClientSecretBasic, discovery } from 'openid-client'
import { expect, test, vi } from 'vitest'
import {
  added,
  authorize,
  clientOf,
  clientTypes,
  push,
  pushedUrl,
  redeem,
  requestParams,
  signedIn,
  startEveryWay,
} from '../../support/authorization.js'
import { redirectUri } from '../../support/clients.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { answer, codeChallenge, codeVerifier, dpopKey } from '../../support/relying_party.js'
import { useProvider } from '../../support/use_provider.js'
import { userAgent } from '../../support/user_agent.js'

const adapter = memoryAdapter()
const op = useProvider({ configuration: { adapter } }, startEveryWay)

test.each(clientTypes)('C10 C11 a pushed request needs client_id and request_uri only (%s)', async (clientId) => {
  const rp = await clientOf(op, clientId)
  const url = await push(rp, { nonce: 'n' })
  expect([...new URL(url).searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
  op.user.interaction = {}
  const { params } = await userAgent().visit(url)
  expect(params).toMatchObject({ deferred_code: expect.any(String), state: 'a state', iss: op.issuer })
  const { body } = await redeem(op, rp, params.deferred_code!)
  expect(decodeJwt(body.id_token)).toMatchObject({ nonce: 'n', aud: clientId })
})

test.each([
  ['deferred_code', 'deferred_code'],
  ['deferred_code code', 'code deferred_code'],
])('O-003 O-010 of %s the pushed response_type is kept', async (sent, kept) => {
  const rp = await clientOf(op, 'secret')
  const uri = new URL(await push(rp, { response_type: sent })).searchParams.get('request_uri')!
  const stored = await adapter('PushedAuthorizationRequest').find(uri.split(':').at(-1)!)
  expect(decodeJwt(stored!.request as string).response_type).toBe(kept)
})

test('C10 is used up by its first completion', async () => {
  const rp = await clientOf(op, 'secret')
  const url = await push(rp)
  op.user.interaction = {}
  const agent = userAgent()
  expect((await agent.visit(url)).params.deferred_code).toBeDefined()
  const again = await added(op, () => agent.visit(url))
  expect(again.result.params).toMatchObject({ error: 'invalid_request_uri', iss: op.issuer })
  expect(again.new).toEqual([])
})

test('C10 opened in two tabs before completion works, and leaves one deferral', async () => {
  const rp = await clientOf(op, 'secret')
  const agent = await signedIn(op, rp)
  const url = await push(rp, { prompt: 'consent' })
  const outcome = await added(op, async () => {
    const tabs = [
      await agent.visit(url, { stopAt: '/interaction' }),
      await agent.visit(url, { stopAt: '/interaction' }),
    ]
    const ends = []
    for (const tab of tabs) ends.push(await agent.visit(tab.url!.href))
    return ends.map(({ params }) => params)
  })
  expect(outcome.result[0]).toMatchObject({ deferred_code: expect.any(String), state: 'a state' })
  expect(outcome.result[1]).toMatchObject({ error: 'invalid_request_uri', state: 'a state', iss: op.issuer })
  expect(outcome.new).toHaveLength(1)
})

test('C10 completed by ten browsers at once leaves one deferral', async () => {
  const rp = await clientOf(op, 'secret')
  const agents = await Promise.all(Array.from({ length: 10 }, () => signedIn(op, rp)))
  const url = await push(rp)
  const outcome = await added(op, () => Promise.all(agents.map((agent) => agent.visit(url))))
  const codes = outcome.result.filter(({ params }) => params.deferred_code)
  const refused = outcome.result.filter(({ params }) => params.error === 'invalid_request_uri')
  expect([codes.length, refused.length]).toEqual([1, 9])
  expect(outcome.new.map(({ id }) => id)).toEqual([codes[0]!.params.deferred_code!.slice(0, 22)])
})

test('C10 has expired after a minute', async () => {
  const rp = await clientOf(op, 'secret')
  const url = await push(rp)
  const now = Date.now
  // the host has no clock of its own to set
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 61_000)
  const outcome = await added(op, () => userAgent().visit(url))
  clock.mockRestore()
  expect(outcome.result.params).toMatchObject({ error: 'invalid_request_uri', iss: op.issuer })
  expect(outcome.new).toEqual([])
})

test("C10 is no other client's", async () => {
  const rp = await clientOf(op, 'secret')
  const uri = new URL(await push(rp)).searchParams.get('request_uri')!
  const outcome = await added(op, async () => userAgent().visit(pushedUrl(await clientOf(op, 'other'), uri)))
  expect(outcome.result.params).toMatchObject({ error: expect.stringMatching(/^invalid_request/), iss: op.issuer })
  expect(outcome.result.params).not.toHaveProperty('deferred_code')
  expect(outcome.new).toEqual([])
  op.user.interaction = {}
  expect((await userAgent().visit(pushedUrl(rp, uri))).params.deferred_code).toBeDefined()
})

test.each(['GET', 'PUT', 'DELETE'])('C10 cannot be pushed by %s', async (method) => {
  const response = await answer(await fetch(`${op.issuer}/request`, { method }))
  expect(response.status).toBe(404)
})

test('C10 cannot be pushed without authentication', async () => {
  const body = new URLSearchParams({ client_id: 'secret', response_type: 'deferred_code', redirect_uri: redirectUri })
  const response = await answer(await fetch(`${op.issuer}/request`, { method: 'POST', body }))
  expect(response).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
})

test.each([
  ['O-011 C03 C-O25 a client not registered for it', 'plain', {}, 'unauthorized_client'],
  ['O-010 a type that does not exist', 'secret', { response_type: 'deferred_code token' }, 'unsupported_response_type'],
  ['O-036 C-O20 the fragment', 'secret', { response_mode: 'fragment' }, 'invalid_request'],
  ['O-036 C-O20 the signed fragment', 'secret', { response_mode: 'fragment.jwt' }, 'invalid_request'],
  ['O-012 a malformed max_age', 'secret', { max_age: 'soon' }, 'invalid_request'],
  ['C12 plain PKCE', 'secret', { code_challenge: codeChallenge, code_challenge_method: 'plain' }, 'invalid_request'],
])('%s is 400 and JSON when pushed', async (_, clientId, params, error) => {
  const rp = await clientOf(op, clientId)
  expect(await rp.post('/request', requestParams(rp, params))).toMatchObject({ status: 400, body: { error } })
})

test('O-013 C57 a proof at the pushed request binds the exchange to its key', async () => {
  const [mine, another] = [await dpopKey(), await dpopKey()]
  const rp = await clientOf(op, 'secret')
  const pushed = await rp.post('/request', requestParams(rp), { dpop: mine })
  op.user.interaction = {}
  const { params } = await userAgent().visit(pushedUrl(rp, pushed.body.request_uri))
  for (const dpop of [undefined, another]) {
    expect(await rp.exchange(params.deferred_code!, {}, { dpop })).toMatchObject({
      status: 400,
      body: { error: 'invalid_dpop_proof' },
    })
  }
  expect(await rp.exchange(params.deferred_code!, {}, { dpop: mine })).toMatchObject({ status: 200 })
})

test('O-014 C57 a dpop_jkt that is not the proof’s is refused when pushed', async () => {
  const rp = await clientOf(op, 'secret')
  const params = requestParams(rp, { dpop_jkt: (await dpopKey()).jkt })
  const refused = await rp.post('/request', params, { dpop: await dpopKey() })
  expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
})

test('C10 C12 openid-client pushes, and the exchange checks the verifier', async () => {
  const authentication = ClientSecretBasic('a secret of the client')
  const options = { execute: [allowInsecureRequests] }
  const config = await discovery(new URL(op.issuer), 'secret', undefined, authentication, options)
  const url = await buildAuthorizationUrlWithPAR(config, {
    response_type: 'deferred_code',
    redirect_uri: redirectUri,
    scope: 'openid',
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
  })
  op.user.interaction = {}
  const { params } = await userAgent().visit(url.href)
  const rp = await clientOf(op, 'secret')
  expect(await rp.exchange(params.deferred_code!)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect(await rp.exchange(params.deferred_code!, { code_verifier: codeVerifier })).toMatchObject({ status: 200 })
})

test('C10 a client that must push cannot ask directly', async () => {
  const clients = [
    { ...(await import('../../support/clients.js')).clients[0]!, require_pushed_authorization_requests: true },
  ]
  const other = await startEveryWay({ configuration: { clients } })
  const rp = await clientOf(other, 'secret')
  expect((await authorize(other, rp)).params).toMatchObject({ error: 'invalid_request', state: 'a state' })
  expect((await userAgent().visit(await push(rp))).params.deferred_code).toBeDefined()
  await other.close()
})
