import { decodeJwt, decodeProtectedHeader } from 'jose'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Deferral } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approved, clientTypes, deferred, party, waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { jwtApi, opaqueApi, resourceServers } from '../../support/resource_servers.js'

let op: TestProvider
const minted: unknown[] = []
const gone = new Set<string>()

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      features: {
        resourceIndicators: {
          ...resourceServers,
          getResourceServerInfo(ctx: unknown, resource: string) {
            if (gone.has(resource)) throw new errors.InvalidTarget()
            return resourceServers.getResourceServerInfo(ctx, resource)
          },
        },
      },
      extraTokenClaims(ctx: KoaContextWithOIDC) {
        const { Deferral } = ctx.oidc.entities as unknown as { Deferral?: Deferral }
        minted.push(Deferral?.status)
        return { reviewed_by: Deferral?.decision?.by ?? 'nobody' }
      },
    },
  })
})

afterAll(() => op.close())

const twoResources = (rp: RelyingParty) => {
  const url = new URL(rp.authorizationUrl({ scope: 'openid read write', resource: jwtApi }))
  url.searchParams.append('resource', opaqueApi)
  return url.href
}

/** The client's view of `rp`, asking for two resources. */
const forTwo = (rp: RelyingParty): RelyingParty => ({ ...rp, authorizationUrl: () => twoResources(rp) })

describe.each(clientTypes)('%s client', (clientId) => {
  test('O-042 O-063 a resource named at the exchange is what the JWT access token is for', async () => {
    const rp = await party(op, clientId)
    const request = { scope: 'openid read write', resource: jwtApi }
    const { handle, id } = await waiting(op, rp, { request, params: { resource: jwtApi } })
    await op.provider.deferrals.approve(id, { by: 'carol' })
    const { status, body } = await rp.poll(handle)
    expect(status).toBe(200)
    expect(decodeProtectedHeader(body.access_token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256', kid: 'op-ec' })
    const claims = decodeJwt(body.access_token)
    expect(claims).toMatchObject({
      iss: op.issuer,
      aud: jwtApi,
      sub: 'alice',
      client_id: clientId,
      scope: 'read write',
      reviewed_by: 'carol',
    })
    expect(claims.exp! - claims.iat!).toBe(300)
    expect(claims.cnf).toEqual(rp.key && { jkt: rp.key.jkt })
    expect(body).toMatchObject({ scope: 'read write', expires_in: 300 })
  })

  test('O-042 one of two requested resources is named at the exchange', async () => {
    const rp = forTwo(await party(op, clientId))
    const { handle, id } = await waiting(op, rp, { params: { resource: jwtApi } })
    expect((await op.provider.deferrals.get(id))?.resource).toEqual([jwtApi, opaqueApi])
    await op.provider.deferrals.approve(id)
    expect(decodeJwt((await rp.poll(handle)).body.access_token).aud).toBe(jwtApi)
  })
})

describe('at the exchange', () => {
  test.each([
    ['a resource nobody asked for', 'https://other.example'],
    ['two resources', [jwtApi, opaqueApi]],
  ])('%s is invalid_target as at the host, and the code survives', async (_case, resource) => {
    const rp = forTwo(relyingParty(op.issuer))
    const { code } = await deferred(op, rp)
    expect(await rp.exchange(code, { resource })).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
    expect((await rp.exchange(code, { resource: jwtApi })).status).toBe(200)
  })

  test('none named: with openid the token is for userinfo, without it for the resource requested', async () => {
    const rp = relyingParty(op.issuer)
    const withOpenid = await approved(op, rp, { request: { scope: 'openid read', resource: jwtApi } })
    const { body } = await rp.poll(withOpenid.handle)
    expect(body.access_token).toMatch(/^[\w-]{43}$/)
    const without = await approved(op, rp, { request: { scope: 'read', resource: jwtApi } })
    expect(decodeJwt((await rp.poll(without.handle)).body.access_token).aud).toBe(jwtApi)
  })

  test('extraTokenClaims is not asked on the exchange, only when tokens are minted', async () => {
    const rp = relyingParty(op.issuer)
    minted.length = 0
    const { handle } = await approved(op, rp, { request: { scope: 'openid read', resource: jwtApi } })
    expect(minted).toEqual([])
    await rp.poll(handle)
    expect(minted).toEqual(['approved'])
  })
})

test('E-34 a resource server that is gone at the redemption is invalid_target, and the approval survives', async () => {
  const rp = relyingParty(op.issuer)
  const { handle } = await approved(op, rp, { request: { scope: 'read', resource: jwtApi } })
  gone.add(jwtApi)
  expect(await rp.poll(handle)).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
  gone.clear()
  expect((await rp.poll(handle)).status).toBe(200)
})

test('a refresh token serves the other resource that was requested', async () => {
  const rp = relyingParty(op.issuer)
  const url = new URL(twoResources(rp))
  url.searchParams.set('scope', 'openid read offline_access')
  url.searchParams.set('prompt', 'consent')
  const asking = { ...rp, authorizationUrl: () => url.href }
  const { handle } = await approved(op, asking, { params: { resource: opaqueApi } })
  const { body } = await rp.poll(handle)
  expect(body.access_token).toMatch(/^[\w-]{43}$/)
  const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token, resource: jwtApi }
  expect(decodeJwt((await rp.token(refresh)).body.access_token)).toMatchObject({ aud: jwtApi, scope: 'read' })
})
