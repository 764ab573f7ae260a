import { decodeJwt } from 'jose'
import type { Approval, JsonObject } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { payingClients } from '../../support/clients.js'
import { clientTypes, party, type Waiting, waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { jwtApi, narrowable, opaqueApi } from '../../support/resource_servers.js'
import { richAuthorizationRequests } from '../../support/rich_authorization_requests.js'

let op: TestProvider
/** what the integrator's callback makes of the details when an access token is minted */
let recomputed: ((details: unknown) => unknown) | undefined

const rar = richAuthorizationRequests(() => undefined) as Record<string, unknown>
const mintTime = 'rarForCodeResponse' in rar ? 'rarForCodeResponse' : 'authorizationDetailsForAccessToken'
const plainly = rar[mintTime] as (...args: unknown[]) => unknown

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      ...payingClients,
      features: {
        ...narrowable,
        richAuthorizationRequests: {
          ...rar,
          [mintTime]: (...args: unknown[]) => (recomputed ?? ((details) => details))(plainly(...args)),
        },
      },
    },
  })
})

afterAll(() => op.close())

async function redeemed(rp: RelyingParty, { handle, id }: Waiting, approval: Approval) {
  expect(await op.provider.deferrals.approve(id, approval)).toMatchObject({ changed: true })
  const { status, body } = await rp.poll(handle)
  expect(status).toBe(200)
  return body
}

const active = async (token: string) =>
  (await relyingParty(op.issuer).post('/token/introspection', { token })).body as Record<string, unknown>

describe.each(clientTypes)('E-33 C-I14 %s client', (clientId) => {
  test.each<[string, string | string[]]>([
    ['an array', ['openid', 'email', 'offline_access']],
    ['a string', 'openid email offline_access'],
  ])('fewer scopes, as %s: the answer says which, and no refresh brings back the others', async (_form, scope) => {
    const rp = await party(op, clientId)
    const request = { scope: 'openid email payments offline_access', prompt: 'consent' }
    const body = await redeemed(rp, await waiting(op, rp, { request }), { scope })
    expect(body.scope.split(' ').sort()).toEqual(['email', 'offline_access', 'openid'])
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
    expect((await rp.token({ ...refresh, scope: 'openid payments' })).body.error).toBe('invalid_scope')
    const { body: again } = await rp.token(refresh)
    expect(again.scope).not.toContain('payments')
  })
})

describe('a decision that narrows', () => {
  test('scopes: the access token has no more either', async () => {
    const rp = relyingParty(op.issuer)
    const held = await waiting(op, rp, { request: { scope: 'openid email payments' } })
    const body = await redeemed(rp, held, { scope: ['openid'] })
    expect(body.scope).toBe('openid')
    expect(await active(body.access_token)).toMatchObject({ active: true, scope: 'openid' })
    const response = await fetch(`${op.issuer}/me`, { headers: { authorization: `Bearer ${body.access_token}` } })
    expect(await response.json()).toEqual({ sub: 'alice' })
  })

  test('offline_access away: no refresh token', async () => {
    const rp = relyingParty(op.issuer)
    const held = await waiting(op, rp, { request: { scope: 'openid offline_access', prompt: 'consent' } })
    expect(await redeemed(rp, held, { scope: ['openid'] })).not.toHaveProperty('refresh_token')
  })

  test('claims: the ID Token has those kept and not the others', async () => {
    const rp = relyingParty(op.issuer)
    const claims = { id_token: { email: { essential: true }, email_verified: null } }
    const held = await waiting(op, rp, { request: { claims: JSON.stringify(claims) } })
    const body = await redeemed(rp, held, { claims: { id_token: { email_verified: null } } })
    const token = decodeJwt(body.id_token)
    expect(token).toMatchObject({ email_verified: true })
    expect(token).not.toHaveProperty('email')
  })

  test('resources: the one taken away is invalid_target for ever', async () => {
    const rp = relyingParty(op.issuer)
    const url = new URL(
      rp.authorizationUrl({ scope: 'openid read offline_access', prompt: 'consent', resource: jwtApi }),
    )
    url.searchParams.append('resource', opaqueApi)
    const asking = { ...rp, authorizationUrl: () => url.href }
    const body = await redeemed(rp, await waiting(op, asking), { resource: [opaqueApi] })
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
    expect((await rp.token({ ...refresh, resource: jwtApi })).body.error).toBe('invalid_target')
    expect((await rp.token({ ...refresh, resource: opaqueApi })).status).toBe(200)
  })

  test('the resource named at the exchange away: no token for it', async () => {
    const rp = relyingParty(op.issuer)
    const request = { scope: 'openid read', resource: jwtApi }
    const held = await waiting(op, rp, { request, params: { resource: jwtApi } })
    const body = await redeemed(rp, held, { resource: [] })
    expect(body.access_token).toMatch(/^[\w-]{43}$/)
    expect((await active(body.access_token)).aud).not.toBe(jwtApi)
  })

  test('C-I13 acr, amr and auth_time are those of the decision, everything else is as requested', async () => {
    const rp = relyingParty(op.issuer)
    const authTime = Math.floor(Date.now() / 1000) - 77
    const held = await waiting(op, rp, { request: { nonce: 'n', max_age: '3600' } })
    const body = await redeemed(rp, held, { acr: 'high', amr: ['face', 'doc'], authTime })
    expect(decodeJwt(body.id_token)).toMatchObject({
      acr: 'high',
      amr: ['face', 'doc'],
      auth_time: authTime,
      nonce: 'n',
      sub: 'alice',
    })
  })
})

describe('authorization_details', () => {
  const small = { type: 'payment', amount: 1 }
  const large = { type: 'payment', amount: 1000 }
  const request = {
    response_type: 'deferred_code',
    scope: 'openid read offline_access',
    prompt: 'consent',
    resource: opaqueApi,
    authorization_details: JSON.stringify([small, large]),
  }
  const params = { resource: opaqueApi }

  test('E-33 whole entries dropped: the answer and the token say what is left', async () => {
    const rp = relyingParty(op.issuer)
    const held = await waiting(op, rp, { request, params })
    expect((await op.provider.deferrals.get(held.id))?.authorizationDetails).toEqual([small, large])
    const body = await redeemed(rp, held, { authorizationDetails: [small] })
    expect(body.authorization_details).toEqual([small])
    expect((await active(body.access_token)).authorization_details).toEqual([small])
  })

  test('an entry edited, even downwards, is a RangeError', async () => {
    const { id } = await waiting(op, relyingParty(op.issuer), { request, params })
    const edited: JsonObject[] = [{ type: 'payment', amount: 0 }]
    await expect(op.provider.deferrals.approve(id, { authorizationDetails: edited })).rejects.toThrow(RangeError)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
  })

  async function failsOnce(rp: RelyingParty, callback: (details: unknown) => unknown): Promise<void> {
    const { handle, id } = await waiting(op, rp, { request, params })
    await op.provider.deferrals.approve(id, { authorizationDetails: [small] })
    recomputed = callback
    expect(await rp.poll(handle)).toMatchObject({ status: 500, body: { error: 'server_error' } })
    recomputed = undefined
    expect(await rp.poll(handle)).toMatchObject({ status: 200, body: { authorization_details: [small] } })
  }

  test("E-32 the integrator's callback cannot undo what a reviewer narrowed: 500, and redeemable afterwards", async () => {
    const rp = relyingParty(op.issuer)
    await failsOnce(rp, () => [small, large])
  })

  test("E-32 nor by changing what it is given: that is the integrator's copy, not the decision", async () => {
    const rp = relyingParty(op.issuer)
    await failsOnce(rp, (details) => {
      Object.assign((details as JsonObject[])[0]!, large)
      return details
    })
  })

  test('E-32 a callback that narrows further is the integrator\u2019s own policy', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp, { request, params })
    await op.provider.deferrals.approve(id)
    recomputed = () => [small]
    const { body } = await rp.poll(handle)
    recomputed = undefined
    expect(body.authorization_details).toEqual([small])
  })
})

describe('E-32 what would widen is a RangeError, and nothing changes', () => {
  test.each<[string, Approval]>([
    ['a scope', { scope: ['openid', 'payments'] }],
    ['a resource', { resource: [jwtApi] }],
    ['details', { authorizationDetails: [{ type: 'payment' }] }],
    ['a claim', { claims: { id_token: { email: null } } }],
    ['nothing at all left', { scope: [] }],
    ['an empty string', { scope: '' }],
  ])('%s', async (_case, approval) => {
    const { id } = await waiting(op, relyingParty(op.issuer))
    const before = await op.provider.deferrals.get(id)
    await expect(op.provider.deferrals.approve(id, approval)).rejects.toThrow(RangeError)
    expect(await op.provider.deferrals.get(id)).toEqual(before)
    expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: true })
  })
})
