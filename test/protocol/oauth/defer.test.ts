import { errors } from 'oidc-provider'
import type { DeferRequest } from 'oidc-provider-deferred'
import { beforeEach, describe, expect, test } from 'vitest'
import { authorize } from '../../support/authorization.js'
import { redirectUri } from '../../support/clients.js'
import { grants, held, redeem, request } from '../../support/deferral.js'
import { observedDefer } from '../../support/observed.js'
import { relyingParty } from '../../support/relying_party.js'
import { resourceIndicators } from '../../support/rich_authorization_requests.js'
import { useProvider } from '../../support/use_provider.js'
import { userAgent } from '../../support/user_agent.js'

const observed = observedDefer()
const op = useProvider({ configuration: { features: { resourceIndicators } }, deferred: { defer: observed.defer } })

beforeEach(() => {
  observed.reset()
  op.user.interaction = {}
})

const opted = { completion_mode: 'deferred' }

describe('what it is told', () => {
  const ofAll = { profile: 'oauth', client: { clientId: 'secret' }, resource: ['https://pay.example/'] }

  test('I-025 of a code', async () => {
    const rp = relyingParty(op.issuer)
    const { id, code } = await held(op, rp, 'authorization_code', {
      request: { scope: 'openid email', resource: 'https://pay.example/' },
      params: { client_notification_token: 'a' },
    })
    const [told] = observed.asked as [DeferRequest]
    expect(told).toMatchObject({
      ...ofAll,
      id,
      grantType: 'authorization_code',
      account: { accountId: 'alice' },
      scope: new Set(['openid', 'email']),
      params: { grant_type: 'authorization_code', code, redirect_uri: redirectUri, completion_mode: 'deferred' },
    })
    expect(told).not.toHaveProperty('authorizationDetails')
    expect(Object.isFrozen(told.params)).toBe(true)
  })

  test('of client credentials, which have no account', async () => {
    const rp = relyingParty(op.issuer)
    const params = { scope: 'pay', resource: 'https://pay.example/', completion_mode: 'other deferred' }
    const { id } = await held(op, rp, 'client_credentials', { params })
    const [told] = observed.asked as [DeferRequest]
    expect(told).toMatchObject({
      ...ofAll,
      id,
      grantType: 'client_credentials',
      scope: new Set(['pay']),
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
    expect(observed.asked[0]?.resource).toEqual(['https://books.example/'])
  })

  test('in the openid profile there is no grant, and the profile says which it is', async () => {
    await authorize(op, relyingParty(op.issuer), { response_type: 'deferred_code' })
    expect(observed.asked).toMatchObject([{ profile: 'openid' }])
    expect(observed.asked[0]).not.toHaveProperty('grantType')
  })

  test.each(grants)('the id is that of the deferral, whatever the grant: %s', async (grant) => {
    const { id } = await held(op, relyingParty(op.issuer), grant)
    expect(observed.asked[0]?.id).toBe(id)
    expect(id).toMatch(/^[\w-]{22}$/)
  })
})

test('E-55 the context of a deferred code is what defer says of it', async () => {
  op.user.interaction = { context: { passport: 'evidence/4711' } }
  observed.decide = () => ({ context: { why: 'amount' } })
  const { id } = await held(op, relyingParty(op.issuer), 'authorization_code')
  expect(await op.provider.deferrals.get(id)).toMatchObject({ context: { why: 'amount' } })
})

test('E-49 defer may refuse to hold more for one client', async () => {
  observed.decide = ({ client }) => {
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
