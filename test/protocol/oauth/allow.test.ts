import type { DeferAnswer, ReconsiderAnswer } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clients } from '../../support/clients.js'
import { authorizationCode, held, pollDeferral, redeem } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { opaqueApi, resourceServers } from '../../support/resource_servers.js'
import { richAuthorizationRequests } from '../../support/rich_authorization_requests.js'

const all = { scope: 'openid offline_access email', prompt: 'consent' }
const opted = { completion_mode: 'deferred' }

let op: TestProvider
let answer: DeferAnswer
let again: ReconsiderAnswer
const rp = (clientId = 'secret') => relyingParty(op.issuer, clientId)

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      clients: clients.map((client) => ({ ...client, authorization_details_types: ['payment'] })),
      features: {
        resourceIndicators: resourceServers,
        richAuthorizationRequests: richAuthorizationRequests(() => {}) as never,
      },
      ttl: { AccessToken: 3600 },
    },
    deferred: { defer: () => answer, reconsider: () => again },
  })
})
afterAll(() => op.close())
beforeEach(() => {
  answer = true
  again = true
})

describe.each(['of a client that can wait', 'of a client that cannot'])('an answer at once %s', (name) => {
  const mode = name.endsWith('not') ? {} : opted

  test('has no more scopes than `allow`, in every token', async () => {
    answer = { allow: { scope: ['openid', 'offline_access'] } }
    const { status, body } = await redeem(rp(), await authorizationCode(rp(), all), mode)
    expect([status, body.scope]).toEqual([200, 'openid offline_access'])
    const refreshed = await rp().token({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
    expect(refreshed.body.scope).toBe('openid offline_access')
    expect((await op.provider.AccessToken.find(body.access_token))?.scope).toBe('openid offline_access')
  })

  test('ends after `expiresIn`, refreshed tokens too', async () => {
    answer = { allow: { expiresIn: 60 } }
    const { body } = await redeem(rp(), await authorizationCode(rp(), all), mode)
    expect(body.expires_in).toBeLessThanOrEqual(60)
    const refreshed = await rp().token({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
    expect(refreshed.body.expires_in).toBeLessThanOrEqual(60)
  })

  test('has no refresh token if `allow` excludes it', async () => {
    answer = { allow: { refreshToken: false } }
    const { body } = await redeem(rp(), await authorizationCode(rp(), all), mode)
    expect(body).toMatchObject({ access_token: expect.any(String) })
    expect(body.refresh_token).toBeUndefined()
  })

  test('has only the authorization details of `allow`', async () => {
    const details = ['1', '2'].map((amount) => ({ type: 'payment', amount }))
    answer = { allow: { authorizationDetails: details.slice(0, 1) } }
    const authorization_details = JSON.stringify(details)
    const code = await authorizationCode(rp(), { scope: 'openid read', resource: opaqueApi, authorization_details })
    const { body } = await redeem(rp(), code, { ...mode, resource: opaqueApi, authorization_details })
    expect(body.authorization_details).toEqual(details.slice(0, 1))
  })

  test('is refused if its target is not allowed', async () => {
    answer = { allow: { resource: [] } }
    const request = { grant_type: 'client_credentials', scope: 'read', resource: opaqueApi, ...mode }
    expect((await rp().token(request)).status).toBe(500)
    answer = { allow: { resource: [opaqueApi], scope: ['read'] } }
    expect((await rp().token({ ...request, scope: 'read write' })).body.scope).toBe('read')
  })

  test('is a server error if `allow` is wider than the request, and the code can still be used', async () => {
    answer = { allow: { scope: ['openid', 'payments'] } }
    const code = await authorizationCode(rp(), all)
    expect((await redeem(rp(), code, mode)).status).toBe(500)
    answer = false
    expect((await redeem(rp(), code, mode)).status).toBe(200)
  })
})

test('`allow` at the authorization endpoint is a mistake', async () => {
  answer = { allow: { scope: ['openid'] } }
  await expect(authorizationCode(rp(), { response_type: 'code deferred_code' })).rejects.toThrow('server_error')
})

describe('a redemption', () => {
  const approved = async () => {
    const deferral = await held(op, rp(), 'authorization_code', { request: all })
    await op.provider.deferrals.approve(deferral.id)
    return deferral
  }

  test('is narrowed by `allow`: scope, end and refresh token', async () => {
    const { deferralCode } = await approved()
    again = { allow: { scope: ['openid'], expiresIn: 30, refreshToken: false } }
    const { body } = await pollDeferral(rp(), deferralCode)
    expect(body).toMatchObject({ scope: 'openid' })
    expect(body.expires_in).toBeLessThanOrEqual(30)
    expect(body.refresh_token).toBeUndefined()
  })

  test('that has to wait is answered authorization_pending, and succeeds later', async () => {
    const { deferralCode, id } = await approved()
    again = { wait: 42 }
    const { status, body, headers } = await pollDeferral(rp(), deferralCode)
    expect([status, body.error, headers.get('retry-after')]).toEqual([400, 'authorization_pending', '42'])
    expect((await op.provider.deferrals.get(id))?.status).toBe('approved')
    again = true
    expect((await pollDeferral(rp(), deferralCode)).status).toBe(200)
  })

  test('is a server error if `allow` is wider than the decision, and the approval stays', async () => {
    const { deferralCode } = await approved()
    again = { allow: { scope: ['openid', 'payments'] } }
    expect((await pollDeferral(rp(), deferralCode)).status).toBe(500)
    again = true
    expect((await pollDeferral(rp(), deferralCode)).status).toBe(200)
  })
})
