import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  added,
  authorize,
  clientOf,
  clientTypes,
  deferralOf,
  everyWay,
  pushedUrl,
  responseOf,
} from '../../support/authorization.js'
import { grantType } from '../../support/clients.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import type { Answer, RelyingParty } from '../../support/relying_party.js'
import { resourceIndicators } from '../../support/rich_authorization_requests.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider
let requested: unknown

const pay = 'https://pay.example/'
const books = 'https://books.example/'

beforeAll(async () => {
  op = await startProvider({
    configuration: { features: { ...everyWay, resourceIndicators } },
    deferred: {
      defer(_ctx, { resource, scope }) {
        requested = { resource, scope: [...scope].sort() }
        return true
      },
    },
  })
})
afterAll(() => op.close())

async function tokens(rp: RelyingParty, deferredCode: string, resource?: string | string[]): Promise<Answer> {
  const exchanged = await rp.exchange(deferredCode, { resource })
  if (exchanged.status !== 200) return exchanged
  await op.provider.deferrals.approve((await deferralOf(op, deferredCode)).id)
  return rp.poll(exchanged.body.deferred_auth_id)
}

async function introspected(rp: RelyingParty, token: string): Promise<Record<string, unknown>> {
  return (await rp.post('/token/introspection', { token })).body
}

test.each(clientTypes)('O-013 a resource is deferred, and becomes the audience (%s)', async (clientId) => {
  const rp = await clientOf(op, clientId)
  const { params } = await authorize(op, rp, { scope: 'pay', resource: pay })
  expect(requested).toEqual({ resource: [pay], scope: ['pay'] })
  expect(await deferralOf(op, params.deferred_code)).toMatchObject({ resource: [pay], scope: ['pay'] })
  const { body } = await tokens(rp, params.deferred_code!)
  expect(body).toMatchObject({ scope: 'pay', access_token: expect.any(String) })
  if (clientId === 'secret') expect(await introspected(rp, body.access_token)).toMatchObject({ active: true, aud: pay })
})

test('O-013 with several resources the exchange says which, and the deferral has both', async () => {
  const rp = await clientOf(op, 'secret')
  const agent = userAgent()
  op.user.interaction = {}
  const url = `${rp.authorizationUrl({ scope: 'openid pay read', resource: pay })}&resource=${encodeURIComponent(books)}`
  const { params } = await agent.visit(url)
  expect(requested).toEqual({ resource: [pay, books], scope: ['openid', 'pay', 'read'] })
  expect(await deferralOf(op, params.deferred_code)).toMatchObject({ resource: [pay, books] })
  const { body } = await tokens(rp, params.deferred_code!, books)
  expect(body).toMatchObject({ scope: 'pay read', id_token: expect.any(String) })
  expect(await introspected(rp, body.access_token)).toMatchObject({ active: true, aud: books })
})

test('O-013 with openid and a resource the token is for userinfo unless the exchange asks for the resource', async () => {
  const rp = await clientOf(op, 'secret')
  for (const [resource, scope] of [
    [undefined, 'openid'],
    [pay, 'pay'],
  ] as const) {
    const { params } = await authorize(op, rp, { scope: 'openid pay', resource: pay })
    expect((await tokens(rp, params.deferred_code!, resource)).body.scope).toBe(scope)
  }
})

test('O-013 a resource that was never asked for is invalid_target at the exchange, and the code stays usable', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp, { scope: 'openid pay', resource: pay })
  const wrong = await rp.exchange(params.deferred_code!, { resource: books })
  expect(wrong).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
  expect(await rp.exchange(params.deferred_code!, { resource: pay })).toMatchObject({ status: 200 })
})

test.each([
  ['an unknown resource', 'https://unknown.example/'],
  ['a relative one', '/pay'],
  ['one with a fragment', `${pay}#here`],
])(
  'O-014 O-015 O-036 %s is invalid_target in the mode of the request, and leaves nothing behind',
  async (_, resource) => {
    const rp = await clientOf(op, 'secret')
    for (const mode of ['query', 'form_post', 'jwt']) {
      const outcome = await added(op, () => authorize(op, rp, { scope: 'pay', resource, response_mode: mode }))
      expect(await responseOf(op, rp, outcome.result)).toMatchObject({
        error: 'invalid_target',
        state: 'a state',
        iss: op.issuer,
      })
      expect(outcome.new).toEqual([])
    }
  },
)

test('O-013 C10 two resources are pushed', async () => {
  const rp = await clientOf(op, 'secret')
  const pushed = await rp.post('/request', {
    response_type: 'deferred_code',
    client_id: 'secret',
    redirect_uri: 'https://rp.example/cb',
    scope: 'pay',
    resource: [pay, books],
  })
  expect(pushed).toMatchObject({ status: 201, body: { request_uri: expect.any(String) } })
  op.user.interaction = {}
  const { params } = await userAgent().visit(pushedUrl(rp, pushed.body.request_uri))
  expect(await deferralOf(op, params.deferred_code)).toMatchObject({ resource: [pay, books] })
})

test('O-013 a poll cannot ask for another resource', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp, { scope: 'pay', resource: pay })
  const { body } = await rp.exchange(params.deferred_code!)
  const poll = { grant_type: grantType, deferred_auth_id: body.deferred_auth_id, resource: books }
  expect(await rp.token(poll)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
})
