import { describe, expect, test } from 'vitest'
import { certificateOf, certificates } from '../support/certificates.js'
import { clients } from '../support/clients.js'
import { authorizationCode, held, pollDeferral, redeem } from '../support/deferral.js'
import { relyingParty } from '../support/relying_party.js'
import { jwtApi, opaqueApi, resourceServers } from '../support/resource_servers.js'
import { closeAfterEach, deploy } from './deployment.js'
import { all, approved, configuration, gate, limited, permitWith, refresh } from './refresh_tokens.js'

closeAfterEach()

describe('the questions at a refresh', () => {
  test.each([
    ['secret', false],
    ['secret', true],
    ['public', true],
  ])('X-253 X-207 are those of the redemption, without the approval: client %s, DPoP %s', async (clientId, withKey) => {
    const { service, rp, refreshToken, atRedemption } = await approved({ clientId, withKey })
    service.policy = () => 'permit'
    const withoutApproval = atRedemption.map(({ context: { approval, ...context }, ...question }) => ({
      ...question,
      context,
    }))
    const { status, body } = await refresh(rp, refreshToken)
    expect(status).toBe(200)
    expect(service.questions).toEqual(withoutApproval)
    // rotated: still of the grant that the approval was for
    service.questions.length = 0
    expect((await refresh(rp, body.refresh_token)).status).toBe(200)
    expect(service.questions).toEqual(withoutApproval)
    expect(JSON.stringify(service.calls)).not.toContain(refreshToken)
  })

  test('X-253 X-207 name the certificate that the new token will be bound to', async () => {
    const deployment = await deploy({
      configuration: {
        clients: clients.map((client) => ({ ...client, tls_client_certificate_bound_access_tokens: true })),
        features: {
          mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: certificateOf as never },
        },
      },
      rotate: true,
    })
    const { service, rp } = deployment
    const { header, x5t } = certificates.first
    permitWith(deployment, { issuance: { token_lifetime: 600 } })
    const { body } = await redeem(rp, await authorizationCode(rp, all), {}, { headers: { ...header } })
    const atRedemption = service.questions.splice(0)
    expect(atRedemption[0]?.context.cnf).toEqual({ 'x5t#S256': x5t })
    const params = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
    expect((await rp.token(params, { headers: { ...header } })).status).toBe(200)
    expect(service.questions).toEqual(atRedemption)
  })

  test('X-253 X-205 name the scope that the client sends, else everything that the refresh token has', async () => {
    const details = JSON.stringify([{ type: 'payment', actions: ['initiate'] }])
    const request = { ...all, scope: 'openid offline_access read', resource: jwtApi, authorization_details: details }
    const { service, rp, refreshToken } = await limited({ rotate: false }, request, { resource: jwtApi })
    const asked = () => service.questions.splice(0).map(({ resource, action }) => `${resource.id} ${action.name}`)
    expect((await refresh(rp, refreshToken)).status).toBe(200)
    const names = [gate, 'openid', 'offline_access', 'read', 'initiate']
    expect(asked()).toEqual(names.map((name) => `${jwtApi} ${name}`))
    expect((await refresh(rp, refreshToken, { scope: 'read', resource: jwtApi })).body.scope).toBe('read')
    expect(asked()).toEqual([gate, 'read', 'initiate'].map((name) => `${jwtApi} ${name}`))
  })

  test('X-253 X-205 name the one of two resources that the client sends, else both', async () => {
    const request = { ...all, scope: 'openid offline_access read', resource: [jwtApi, opaqueApi] }
    const { service, rp, refreshToken } = await limited({}, request, { resource: jwtApi })
    const asked = () => service.questions.splice(0).map(({ resource, action }) => `${resource.id} ${action.name}`)
    const scopes = ['openid', 'offline_access', 'read']
    let token = refreshToken
    // rotated: still for both
    for (const resource of [opaqueApi, jwtApi]) {
      const { body } = await refresh(rp, token, { resource })
      expect(body.scope).toBe('read')
      expect(asked()).toEqual([gate, ...scopes].map((name) => `${resource} ${name}`))
      token = body.refresh_token
    }
    service.policy = ({ resource }) => (resource.id === opaqueApi ? 'deny' : 'permit')
    expect((await refresh(rp, token)).body.error).toBe('invalid_grant')
    const gates = [`${jwtApi} ${gate}`, `${opaqueApi} ${gate}`]
    expect(asked()).toEqual([...gates, ...[jwtApi, opaqueApi].flatMap((api) => scopes.map((name) => `${api} ${name}`))])
    expect((await refresh(rp, token, { resource: opaqueApi })).body.error).toBe('invalid_grant')
    expect((await refresh(rp, token, { resource: jwtApi })).status).toBe(200)
  })

  test('X-253 X-204 are not asked about a refresh that the host refuses', async () => {
    const { service, op, rp, refreshToken } = await limited()
    const refused = [
      refresh(relyingParty(op.issuer, 'other'), refreshToken),
      refresh(rp, refreshToken, { scope: 'openid payments' }),
      refresh(rp, 'unknown'),
    ]
    for (const { status } of await Promise.all(refused)) expect(status).toBe(400)
    expect(service.questions).toEqual([])
  })

  test('X-253 X-204 are not asked about a resource that the refresh token does not have', async () => {
    const request = { ...all, scope: 'openid offline_access read', resource: jwtApi }
    const { service, rp, refreshToken } = await limited({}, request, { resource: jwtApi })
    expect((await refresh(rp, refreshToken, { resource: opaqueApi })).body.error).toBe('invalid_target')
    expect(service.questions).toEqual([])
    expect((await refresh(rp, refreshToken, { resource: jwtApi })).status).toBe(200)
  })

  test('X-253 X-205 are asked about the one of several resources that the refresh token has, where the host chooses it', async () => {
    const defaultResource = (_ctx: unknown, _client: unknown, oneOf?: readonly string[]) =>
      oneOf?.[0] ?? [jwtApi, opaqueApi]
    const features = { ...configuration.features, resourceIndicators: { ...resourceServers, defaultResource } }
    const request = { ...all, scope: 'openid offline_access read', resource: jwtApi }
    const options = { rotate: false, configuration: { ...configuration, features } }
    const { service, rp, refreshToken } = await limited(options, request, { resource: jwtApi })
    expect((await refresh(rp, refreshToken, { resource: [jwtApi, opaqueApi] })).status).toBe(200)
    expect(new Set(service.questions.map(({ resource }) => resource.id))).toEqual(new Set([jwtApi]))
  })

  test('X-253 are not asked about a login, nor about a deferral, whose tokens do not end', async () => {
    const { service, op, rp, decider } = await deploy({
      rotate: true,
      deferred: { defer: (ctx, request) => request.canWait || decider.defer(ctx, request) },
    })
    const login = await redeem(rp, await authorizationCode(rp, all))
    const { id, deferralCode } = await held(op, rp, 'authorization_code', { request: all })
    await op.provider.deferrals.approve(id)
    const deferral = await pollDeferral(rp, deferralCode)
    service.questions.length = 0
    for (const { body } of [login, deferral]) expect((await refresh(rp, body.refresh_token)).status).toBe(200)
    expect(service.questions).toEqual([])
  })
})
