import { decodeJwt } from 'jose'
import type { Approval } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestProvider } from '../../support/provider.js'
import { jwtApi, opaqueApi } from '../../support/resource_servers.js'
import {
  type Asked,
  introspected,
  type Kind,
  kinds,
  startDeciding,
  waitingRequest,
} from './decisions/waiting_request.js'

let op: TestProvider

beforeAll(async () => {
  const alone = { acr: null, amr: null, auth_time: null }
  const claims = { openid: ['sub'], email: ['email', 'email_verified'], ...alone }
  op = await startDeciding({}, { claims, acrValues: ['high'] })
})
afterAll(() => op.close())

const oauth = kinds.filter((kind) => kind !== 'openid')

async function redeemed(kind: Kind, asked: Asked, approval: Approval) {
  const { id, poll, rp } = await waitingRequest(op, kind, asked)
  expect(await op.provider.deferrals.approve(id, approval)).toMatchObject({ changed: true })
  const { status, body } = await poll()
  expect({ status, error: body.error, description: body.error_description }).toEqual({ status: 200 })
  return { body, rp }
}

describe.each(oauth)('E-33 C-I14 %s', (kind) => {
  const scope = kind === 'client_credentials' ? 'email payments' : 'openid email payments'

  test.each<[string, string | string[]]>([
    ['an array', ['email']],
    ['a string', 'email'],
  ])('fewer scopes, as %s: the answer and the token say which', async (_form, narrower) => {
    const { body } = await redeemed(kind, { scope }, { scope: narrower })
    expect(body.scope).toBe('email')
    expect(await introspected(op, body.access_token)).toMatchObject({ active: true, scope: 'email' })
  })

  test('fewer scopes of a resource server', async () => {
    const { body } = await redeemed(
      kind,
      { scope: 'openid read write', resource: [jwtApi], target: jwtApi },
      { scope: ['read'] },
    )
    expect(body.scope).toBe('read')
    expect(decodeJwt(body.access_token)).toMatchObject({ aud: jwtApi, scope: 'read' })
  })

  test('a decision that says everything there was changes nothing', async () => {
    const asked = { scope: `${scope} read`, resource: [jwtApi], target: jwtApi }
    const { id } = await waitingRequest(op, kind, asked)
    const all = (await op.provider.deferrals.get(id)) as { scope: string[]; resource: string[] }
    const { body } = await redeemed(kind, asked, { scope: all.scope, resource: all.resource })
    const plain = (await redeemed(kind, asked, {})).body
    expect([body.scope, body.expires_in]).toEqual([plain.scope, plain.expires_in])
    expect(decodeJwt(body.access_token)).toMatchObject({ aud: jwtApi, scope: plain.scope })
  })
})

describe.each(['authorization_code', kinds[3]] as const)('%s', (kind) => {
  test('no refresh brings back a scope that was not granted', async () => {
    const asked = { scope: 'openid email payments offline_access' }
    const { body, rp } = await redeemed(kind, asked, { scope: 'openid email offline_access' })
    expect(body.scope.split(' ').sort()).toEqual(['email', 'offline_access', 'openid'])
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
    expect((await rp.token({ ...refresh, scope: 'openid payments' })).body.error).toBe('invalid_scope')
    expect((await rp.token(refresh)).body.scope).not.toContain('payments')
  })

  test('offline_access away: no refresh token', async () => {
    const { body } = await redeemed(kind, { scope: 'openid offline_access' }, { scope: ['openid'] })
    expect(body).not.toHaveProperty('refresh_token')
  })

  test('openid away: no ID Token, and nothing at userinfo', async () => {
    const { body } = await redeemed(kind, { scope: 'openid email' }, { scope: ['email'] })
    expect(body).not.toHaveProperty('id_token')
    const { status } = await fetch(`${op.issuer}/me`, { headers: { authorization: `Bearer ${body.access_token}` } })
    expect(status).toBe(403)
  })
})

describe('authorization_code', () => {
  test('claims: the ID Token has those kept and not the others', async () => {
    const claims = { id_token: { email: { essential: true }, email_verified: null }, userinfo: { email: null } }
    const { body } = await redeemed(
      'authorization_code',
      { claims },
      { claims: { id_token: { email_verified: null } } },
    )
    expect(decodeJwt(body.id_token)).toMatchObject({ email_verified: true })
    expect(decodeJwt(body.id_token)).not.toHaveProperty('email')
    const me = await fetch(`${op.issuer}/me`, { headers: { authorization: `Bearer ${body.access_token}` } })
    expect(await me.json()).toEqual({ sub: 'alice' })
  })

  test('auth_time stays where max_age asked for it, whatever claims are kept', async () => {
    const claims = { id_token: { email: null, email_verified: null } }
    const asked = { claims, max_age: '3600' }
    const whole = decodeJwt((await redeemed('authorization_code', asked, {})).body.id_token)
    expect(whole).toMatchObject({ email_verified: true, auth_time: expect.any(Number) })
    const approval = { claims: { id_token: { email: null } } }
    const less = decodeJwt((await redeemed('authorization_code', asked, approval)).body.id_token)
    expect(less).not.toHaveProperty('email_verified')
    expect(less).toMatchObject({ email: expect.any(String), auth_time: expect.any(Number) })
  })

  test('resources: the one taken away is invalid_target for ever', async () => {
    const asked = { scope: 'openid read offline_access', resource: [jwtApi, opaqueApi], target: opaqueApi }
    const { body, rp } = await redeemed('authorization_code', asked, { resource: [opaqueApi] })
    expect(await introspected(op, body.access_token)).toMatchObject({ aud: opaqueApi })
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
    expect((await rp.token({ ...refresh, resource: jwtApi })).body.error).toBe('invalid_target')
    expect((await rp.token({ ...refresh, resource: opaqueApi })).status).toBe(200)
  })

  test.each(['openid read', 'openid', 'read'])(
    'E-32 E-33 the resource of the token request taken away: no token for another one in its place, scope %s',
    async (scope) => {
      const asked = { scope, resource: [jwtApi, opaqueApi], target: jwtApi }
      const { id, poll } = await waitingRequest(op, 'authorization_code', asked)
      const approval = await op.provider.deferrals
        .approve(id, { resource: [opaqueApi] })
        .catch((error: unknown) => error)
      if (approval instanceof RangeError) return
      const { body } = await poll()
      const audience = body.access_token && ((await introspected(op, body.access_token)).aud ?? 'userinfo')
      expect({ error: body.error, audience }).toEqual({ error: 'access_denied' })
    },
  )

  test('C-I13 acr, amr and auth_time are those of the decision', async () => {
    const authTime = Math.floor(Date.now() / 1000) - 77
    const decided = { acr: 'high', amr: ['face', 'doc'], authTime }
    const claims = { id_token: { acr: null, amr: null, auth_time: null } }
    const { body } = await redeemed('authorization_code', { claims }, decided)
    expect(decodeJwt(body.id_token)).toMatchObject({ acr: 'high', amr: ['face', 'doc'], auth_time: authTime })
  })
})

describe.each(oauth)('E-32 %s: what would widen is a RangeError, and nothing changes', (kind) => {
  const asked = { scope: 'email read', resource: [jwtApi], target: jwtApi }
  const wider: [string, Approval][] = [
    ['a scope', { scope: ['email', 'payments'] }],
    ['a scope twice as long', { scope: 'email read read2' }],
    ['a resource', { resource: [opaqueApi] }],
    ['a resource more', { resource: [jwtApi, opaqueApi] }],
    ['the same resource twice', { resource: [jwtApi, jwtApi] }],
    ['details nobody asked for', { authorizationDetails: [{ type: 'payment' }] }],
    ['a claim', { claims: { id_token: { email: null } } }],
    ['no scope left', { scope: [] }],
    ['an empty string', { scope: '' }],
    ['no resource left, which would be the default one', { resource: [] }],
    ['one member wider, another narrower', { scope: ['email'], resource: [opaqueApi] }],
  ]

  test.each(kind === 'authorization_code' ? wider : wider.slice(0, 1))('%s', async (_case, approval) => {
    const { id, poll } = await waitingRequest(op, kind, { ...asked, scope: scopeOf(kind) })
    const before = await op.provider.deferrals.get(id)
    await expect(op.provider.deferrals.approve(id, approval)).rejects.toThrow(RangeError)
    expect(await op.provider.deferrals.get(id)).toEqual(before)
    expect((await poll()).body.error).toBe('authorization_pending')
    expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: true })
    expect((await poll()).status).toBe(200)
  })
})

const scopeOf = (kind: Kind) => (kind === 'client_credentials' ? 'email read' : 'openid email read')
