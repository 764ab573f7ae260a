import { errors } from 'oidc-provider'
import type { DeferRequest, Deferring } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { authorize } from '../../support/authorization.js'
import { redirectUri } from '../../support/clients.js'
import { grants, held, redeem, request } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { resourceIndicators } from '../../support/rich_authorization_requests.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider
let asked: DeferRequest[]
let decide: (request: DeferRequest) => unknown

beforeAll(async () => {
  op = await startProvider({
    configuration: { features: { resourceIndicators } },
    deferred: {
      defer(_ctx, deferRequest) {
        asked.push(deferRequest)
        return decide(deferRequest) as boolean | Deferring
      },
    },
  })
})
beforeEach(() => {
  asked = []
  decide = () => true
  op.user.interaction = {}
})
afterAll(() => op.close())

const opted = { completion_mode: 'deferred' }

describe('what it is told', () => {
  test('I-025 of a code', async () => {
    const rp = relyingParty(op.issuer)
    const { id, code } = await held(op, rp, 'authorization_code', {
      request: { scope: 'openid email', resource: 'https://pay.example/' },
      params: { client_notification_token: 'a' },
    })
    const [told] = asked as [DeferRequest]
    expect(told).toMatchObject({
      id,
      profile: 'oauth',
      grantType: 'authorization_code',
      client: { clientId: 'secret' },
      account: { accountId: 'alice' },
      scope: new Set(['openid', 'email']),
      resource: ['https://pay.example/'],
      params: { grant_type: 'authorization_code', code, redirect_uri: redirectUri, completion_mode: 'deferred' },
    })
    expect(told).not.toHaveProperty('authorizationDetails')
    expect(Object.isFrozen(told.params)).toBe(true)
  })

  test('of client credentials, which have no account', async () => {
    const rp = relyingParty(op.issuer)
    const params = { scope: 'pay', resource: 'https://pay.example/', completion_mode: 'other deferred' }
    const { id } = await held(op, rp, 'client_credentials', { params })
    const [told] = asked as [DeferRequest]
    expect(told).toMatchObject({
      id,
      profile: 'oauth',
      grantType: 'client_credentials',
      client: { clientId: 'secret' },
      scope: new Set(['pay']),
      resource: ['https://pay.example/'],
      params: { grant_type: 'client_credentials', ...params },
    })
    expect(told).not.toHaveProperty('account')
    expect(Object.isFrozen(told.params)).toBe(true)
  })

  test('the resource of the token request is the one that counts', async () => {
    const rp = relyingParty(op.issuer)
    const resources = ['https://pay.example/', 'https://books.example/']
    const url = `${rp.authorizationUrl({ response_type: 'code' })}&${resources.map((one) => `resource=${one}`).join('&')}`
    const { params } = await userAgent().visit(url)
    await redeem(rp, params.code as string, { ...opted, resource: 'https://books.example/' })
    expect(asked[0]?.resource).toEqual(['https://books.example/'])
  })

  test('in the openid profile there is no grant, and the profile says which it is', async () => {
    await authorize(op, relyingParty(op.issuer), { response_type: 'deferred_code' })
    expect(asked).toMatchObject([{ profile: 'openid' }])
    expect(asked[0]).not.toHaveProperty('grantType')
  })

  test.each(grants)('the id is that of the deferral, whatever the grant: %s', async (grant) => {
    const { id } = await held(op, relyingParty(op.issuer), grant)
    expect(asked[0]?.id).toBe(id)
    expect(id).toMatch(/^[\w-]{22}$/)
  })
})

test('E-55 the context of a deferred code is what defer says of it', async () => {
  op.user.interaction = { context: { passport: 'evidence/4711' } }
  decide = () => ({ context: { why: 'amount' } })
  const { id } = await held(op, relyingParty(op.issuer), 'authorization_code')
  expect(await op.provider.deferrals.get(id)).toMatchObject({ context: { why: 'amount' } })
})

test('E-49 defer may refuse to hold more for one client', async () => {
  decide = ({ client }) => {
    const waiting = op.provider.deferrals.list({ status: 'pending', clientId: client.clientId })
    return waiting.then(({ deferrals }) => {
      if (deferrals.length >= 2) throw new errors.AccessDenied('too many requests are waiting')
      return true
    })
  }
  const rp = relyingParty(op.issuer, 'other')
  const answers = []
  for (let times = 0; times < 3; times++) answers.push((await request(rp, 'client_credentials')).answer.body.error)
  expect(answers).toEqual(['authorization_pending', 'authorization_pending', 'access_denied'])
})
