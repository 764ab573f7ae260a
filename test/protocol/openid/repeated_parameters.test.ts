import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redirectUri } from '../../support/clients.js'
import { approved, deferred, party, waiting } from '../../support/journey.js'
import { observedStore, readVerbs } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { jwtApi, opaqueApi, resourceServers } from '../../support/resource_servers.js'

let op: TestProvider
const { store, calls } = observedStore()

beforeAll(async () => {
  op = await startProvider({
    configuration: { features: { resourceIndicators: resourceServers } },
    deferred: { store },
  })
})
afterAll(() => op.close())

/** The client's view of `rp`, asking for two resources. */
function forTwo(rp: RelyingParty): RelyingParty {
  const url = new URL(rp.authorizationUrl({ scope: 'openid read write', resource: jwtApi }))
  url.searchParams.append('resource', opaqueApi)
  return { ...rp, authorizationUrl: () => url.href }
}

const repeated = { scope: 'write openid read', resource: [opaqueApi, jwtApi], redirect_uri: redirectUri }
const different: [string, string | string[]][] = [
  ['scope', 'openid read'],
  ['scope', 'openid read write email'],
  ['scope', ['openid read write', 'openid read write']],
  ['resource', opaqueApi],
  ['resource', [opaqueApi, jwtApi, 'https://third.example/api']],
  ['redirect_uri', `${redirectUri}/`],
]

test.each(['public', 'secret', 'assertion'])(
  'C-I08 a poll may repeat the first request (%s client)',
  async (clientId) => {
    const rp = await party(op, clientId)
    const { handle } = await waiting(op, forTwo(rp), { params: { resource: jwtApi } })
    expect((await rp.poll(handle, repeated)).body.error).toBe('authorization_pending')
    op.clock.advance(5)
    expect((await rp.poll(handle, { resource: jwtApi })).body.error).toBe('authorization_pending')
  },
)

test.each([
  ['the host left offline_access out for want of consent', 'openid offline_access', {}],
  ['nobody granted all of it', 'openid read write email', {}],
  ['the host knows no such scope', 'openid unheard-of', { scope: 'openid unheard-of' }],
])('C-I08 a poll may repeat the scope as it was sent, although %s', async (_case, scope, params) => {
  const rp = relyingParty(op.issuer)
  op.user.interaction = { withholds: ['email'] }
  const { handle } = await waiting(op, rp, { request: { scope, resource: jwtApi }, params })
  op.user.interaction = {}
  expect((await rp.poll(handle, { scope })).body.error).toBe('authorization_pending')
  expect((await rp.poll(handle, { scope: 'openid other' })).body.error).toBe('invalid_request')
})

test('C-I08 what is repeated changes nothing: the tokens are those that the exchange asked for', async () => {
  const rp = relyingParty(op.issuer)
  for (const { at, aud } of [
    { at: jwtApi, aud: jwtApi },
    { at: undefined, aud: undefined },
  ]) {
    const { handle } = await approved(op, forTwo(rp), { params: { resource: at } })
    const { status, body } = await rp.poll(handle, repeated)
    expect(status).toBe(200)
    const token = await op.provider.AccessToken.find(body.access_token)
    expect(aud === undefined ? token?.aud : decodeJwt(body.access_token).aud).toBe(aud)
  }
})

test.each(different)('C-I08 a different %s %j is invalid_request, and moves nothing', async (name, value) => {
  const rp = relyingParty(op.issuer)
  const { handle } = await waiting(op, forTwo(rp))
  calls.length = 0
  const answer = await rp.poll(handle, { [name]: value })
  expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  expect(answer.body.error_description).toContain('repeat that of the first request')
  expect(calls.filter((verb) => !readVerbs.includes(verb))).toEqual([])
  expect((await rp.poll(handle)).body.error).toBe('authorization_pending')
  // hurried, too
  expect((await rp.poll(handle, { [name]: value })).body.error).toBe('invalid_request')
  expect((await rp.poll(handle, repeated)).body.error).toBe('slow_down')
})

test('E-19 E-20 a stranger hears the same whatever it repeats', async () => {
  const { handle } = await waiting(op, forTwo(relyingParty(op.issuer)))
  const stranger = relyingParty(op.issuer, 'other')
  const heard = new Set<string>()
  for (const presented of [handle, 'x'.repeat(65)]) {
    for (const sent of [{}, repeated, { scope: 'openid' }]) {
      heard.add(JSON.stringify((await stranger.poll(presented, sent)).body))
    }
  }
  expect([...heard]).toEqual([expect.stringContaining('invalid_grant')])
})

test('a wrong key is said before anything is compared', async () => {
  const rp = await party(op, 'public')
  const { handle } = await waiting(op, forTwo(rp))
  expect((await rp.poll(handle, { scope: 'other' }, { dpop: await dpopKey() })).body.error).toBe('invalid_dpop_proof')
})

const names = [
  'scope',
  'resource',
  'redirect_uri',
  'authorization_details',
  'claims',
  'code_verifier',
  'completion_mode',
  'deferred_notification_token',
]

test('a parameter without a value is an omitted one, at the exchange, at polls and at the cancellation', async () => {
  const rp = relyingParty(op.issuer)
  const { code } = await deferred(op, rp)
  const empty = { ...Object.fromEntries(names.map((name) => [name, ''])), resource: ['', ''] }
  const { status, body } = await rp.exchange(code, { ...empty, deferred_auth_id: '' })
  expect(status).toBe(200)
  const poll = await rp.poll(body.deferred_auth_id, { ...empty, deferred_code: '' })
  expect(poll.body.error).toBe('authorization_pending')
  expect((await rp.cancel(body.deferred_auth_id, empty)).status).toBe(200)
  expect((await rp.poll(body.deferred_auth_id)).body.error).toBe('access_denied')
})

test('among several resources of an exchange those without a value are omitted', async () => {
  const rp = relyingParty(op.issuer)
  const { code, id } = await deferred(op, forTwo(rp))
  const { body } = await rp.exchange(code, { resource: ['', jwtApi] })
  await op.provider.deferrals.approve(id)
  const { body: tokens } = await rp.poll(body.deferred_auth_id)
  expect(decodeJwt(tokens.access_token).aud).toBe(jwtApi)
})
