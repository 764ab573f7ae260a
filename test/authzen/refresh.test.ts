import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { JsonObject } from 'oidc-provider-deferred'
import { describe, expect, test, vi } from 'vitest'
import { certificateOf, certificates } from '../support/certificates.js'
import { clients } from '../support/clients.js'
import { authorizationCode, held, pollDeferral, redeem } from '../support/deferral.js'
import { until } from '../support/receiver.js'
import { dpopKey, type RelyingParty, relyingParty } from '../support/relying_party.js'
import { jwtApi, resourceServers } from '../support/resource_servers.js'
import { richAuthorizationRequests } from '../support/rich_authorization_requests.js'
import { actions, closeAfterEach, type Deployment, type DeploymentOptions, deploy } from './deployment.js'

closeAfterEach()

const all = { scope: 'openid offline_access email', prompt: 'consent' }
const keys = [new Uint8Array(32).fill(5)]
const gate = 'issue:access_token:authorization_code'
const configuration = {
  features: {
    resourceIndicators: resourceServers,
    richAuthorizationRequests: richAuthorizationRequests(() => {}) as never,
  },
  ttl: { AccessToken: 3600 },
}
const refresh = (rp: RelyingParty, refresh_token: string, others: Record<string, string> = {}) =>
  rp.token({ grant_type: 'refresh_token', refresh_token, ...others })

/** The service permits with this context at the gate. */
function permitWith({ service }: Pick<Deployment, 'service'>, context: JsonObject): void {
  service.policy = ({ action }) => (action.name === gate ? { decision: true, context } : 'permit')
}

/** An access request that was approved for an hour, and the poll that gets its tokens. */
async function approvedAccess({ op, toNextStep }: Deployment, rp: RelyingParty) {
  const { id, deferralCode } = await held(op, rp, 'authorization_code', { request: all })
  await until(async () => {
    await toNextStep(id)
    return (await op.provider.deferrals.get(id))?.status === 'approved'
  }, 30)
  return () => pollDeferral(rp, deferralCode)
}

/** A client with the tokens of such a request. */
async function approved({ clientId = 'secret', withKey = false, isWired = true } = {}) {
  const options = { accessRequest: { refreshTokens: true } }
  const deployment = await deploy({ options, deferred: { keys }, ...(isWired && { rotate: true }) })
  const { service, op } = deployment
  service.policy = ({ action }) => (action.name === 'email' ? 'request' : 'permit')
  service.access.script = 'approve'
  const rp = relyingParty(op.issuer, clientId, withKey ? await dpopKey() : undefined)
  const poll = await approvedAccess(deployment, rp)
  service.questions.length = 0
  const { body } = await poll()
  const atRedemption = service.questions.splice(0)
  return { ...deployment, rp, refreshToken: String(body.refresh_token), atRedemption }
}

/** Tokens that end in ten minutes, because the service said so. */
async function limited(options: DeploymentOptions = {}, request: Record<string, string> = all, params = {}) {
  const deployment = await deploy({ configuration, rotate: true, ...options })
  const { service, rp } = deployment
  permitWith(deployment, { issuance: { token_lifetime: 600 } })
  const { body } = await redeem(rp, await authorizationCode(rp, request), params)
  service.policy = () => 'permit'
  service.questions.length = 0
  return { ...deployment, refreshToken: String(body.refresh_token) }
}

const alertOf = (problem: string, reason?: string) => [
  problem,
  { client: 'secret', request: expect.any(String), ...(reason !== undefined && { reason }) },
]
const denies = 'the policy decision point denies a refresh'

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

test('X-253 a service that knows only the approval of one use denies; the refresh token works when it permits', async () => {
  const { service, rp, refreshToken, alerts } = await approved()
  for (const _ of [1, 2]) {
    const { status, body } = await refresh(rp, refreshToken)
    expect([status, body.error]).toEqual([400, 'invalid_grant'])
    expect(JSON.stringify(body)).not.toContain('approval')
  }
  expect(alerts).toEqual([alertOf(denies), alertOf(denies)])
  service.policy = () => 'permit'
  expect((await refresh(rp, refreshToken)).body.scope).toBe(all.scope)
})

test('X-253 a denied scope denies the refresh, also with `narrow`; without this scope it is permitted', async () => {
  const { service, rp, refreshToken, alerts } = await limited({ options: { partial: 'narrow' } })
  service.policy = ({ action }) => (action.name === 'email' ? 'deny' : 'permit')
  expect((await refresh(rp, refreshToken)).body.error).toBe('invalid_grant')
  expect(alerts).toEqual([alertOf(denies)])
  expect((await refresh(rp, refreshToken, { scope: 'openid' })).body.scope).toBe('openid')
})

test('X-253 V11 an outage is 503, and the refresh token works afterwards', async () => {
  const { service, rp, refreshToken, alerts } = await limited({
    options: { onUnavailable: 'defer' },
    deferred: { keys },
  })
  service.intercept = () => ({ status: 500 })
  const { status, body, headers } = await refresh(rp, refreshToken)
  expect([status, body.error]).toEqual([503, 'temporarily_unavailable'])
  expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
  expect(alerts).toEqual([
    alertOf('the policy decision point cannot be asked', 'the policy decision point answered 500'),
  ])
  service.intercept = () => undefined
  expect((await refresh(rp, refreshToken)).status).toBe(200)
})

test('X-253 a client that hangs up while the service is asked can use its refresh token again', async () => {
  let request: IncomingMessage | undefined
  const findAccount = ({ req }: { req: IncomingMessage }, sub: string) => {
    request = req
    return { accountId: sub, claims: () => ({ sub }) }
  }
  const { service, op, rp, refreshToken } = await limited({ configuration: { ...configuration, findAccount } })
  const connection = new AbortController()
  service.intercept = async () => {
    service.intercept = () => undefined
    const closed = once(request?.socket as IncomingMessage['socket'], 'close')
    connection.abort()
    await closed
    return undefined
  }
  const { fetch } = globalThis
  vi.spyOn(globalThis, 'fetch').mockImplementationOnce((url, init) =>
    fetch(url, { ...init, signal: connection.signal }),
  )
  const handled = new Promise((resolve) => op.provider.once('grant.error', resolve).once('grant.success', resolve))
  expect(await refresh(rp, refreshToken).catch(String)).toContain('abort')
  await handled
  vi.restoreAllMocks()
  expect((await refresh(rp, refreshToken)).status).toBe(200)
})

describe('a permit', () => {
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()

  test.each<[string, () => JsonObject]>([
    ['of a shorter token_lifetime', () => ({ issuance: { token_lifetime: 60 } })],
    ['of an approval that ends earlier', () => ({ approval: { approved_until: inSeconds(60) } })],
  ])('X-253 X-252 V3 %s ends the tokens of this refresh', async (_name, context) => {
    const deployment = await limited()
    const { service, rp } = deployment
    permitWith(deployment, context())
    const { body } = await refresh(rp, deployment.refreshToken)
    expect(body.expires_in).toBeGreaterThan(50)
    expect(body.expires_in).toBeLessThanOrEqual(60)
    // the rotated refresh token, too
    service.policy = () => 'permit'
    expect((await refresh(rp, body.refresh_token)).body.expires_in).toBeLessThanOrEqual(60)
  })

  test('X-253 V3 of a shorter token_lifetime leaves a refresh token alone that is not rotated, a longer one changes nothing', async () => {
    const deployment = await limited({ rotate: false })
    const { rp, refreshToken } = deployment
    const lifetimes: [asked: number, least: number, most: number][] = [
      [60, 50, 60],
      [9000, 500, 600],
    ]
    for (const [token_lifetime, least, most] of lifetimes) {
      permitWith(deployment, { issuance: { token_lifetime } })
      const { body } = await refresh(rp, refreshToken)
      expect(body.expires_in).toBeGreaterThan(least)
      expect(body.expires_in).toBeLessThanOrEqual(most)
    }
  })

  test.each<[string, JsonObject, string]>([
    ['fewer scopes', { issuance: { granted_scope: 'openid' } }, 'a refresh cannot be narrowed'],
    ['fewer details', { issuance: { authorization_details: [] } }, ''],
    ['no audience', { issuance: { audience: [] } }, ''],
    ['more scopes', { issuance: { granted_scope: 'openid payments' } }, 'granted_scope is broader than the request'],
    ['no time', { approval: { approved_until: '2020-01-01T00:00:00Z' } }, 'a token would end at once'],
    ['hardly any time', { issuance: { token_lifetime: 1 } }, 'a token would end at once'],
  ])('X-253 V4 of %s is refused, and the refresh token works afterwards', async (_name, context, reason) => {
    const details = JSON.stringify([{ type: 'payment', actions: ['initiate'] }])
    const request = { ...all, resource: jwtApi, authorization_details: details }
    const deployment = await limited({}, request, { resource: jwtApi })
    const { service, rp, refreshToken, alerts } = deployment
    permitWith(deployment, context)
    expect((await refresh(rp, refreshToken)).body.error).toBe('invalid_grant')
    const problem = reason ? 'a permit of the policy decision point cannot be applied' : denies
    expect(alerts).toEqual([alertOf(problem, reason || undefined)])
    service.policy = () => 'permit'
    expect((await refresh(rp, refreshToken)).status).toBe(200)
  })

  test('X-253 adds its claims to the refreshed token', async () => {
    const request = { ...all, scope: 'openid offline_access read', resource: jwtApi }
    const deployment = await limited({ options: { claims: ['limit'] } }, request, { resource: jwtApi })
    permitWith(deployment, { issuance: { claims: { limit: 7 }, crit: ['limit'] } })
    const { body } = await refresh(deployment.rp, deployment.refreshToken, { resource: jwtApi })
    const payload = Buffer.from(body.access_token.split('.')[1], 'base64url').toString()
    expect(JSON.parse(payload)).toMatchObject({ limit: 7 })
  })
})

describe('the rotation of the integrator', () => {
  test.each([true, false])('X-253 %s still counts, and so does a function that returns it', async (rotates) => {
    for (const rotate of [rotates, () => rotates, async () => rotates]) {
      const { service, rp, refreshToken } = await limited({ rotate })
      const { status, body } = await refresh(rp, refreshToken)
      expect(status).toBe(200)
      expect(body.refresh_token !== refreshToken).toBe(rotates)
      expect(actions(service)).toContain(gate)
    }
  })

  test('X-253 is not asked for after a denial', async () => {
    let calls = 0
    const { service, rp, refreshToken } = await limited({ rotate: () => ++calls > 0 })
    service.policy = () => 'deny'
    await refresh(rp, refreshToken)
    expect(calls).toBe(0)
  })

  test('X-253 without rotateRefreshToken operators are told once, and tokens are refreshed without a question', async () => {
    const deployment = await approved({ isWired: false })
    const { service, rp, refreshToken, alerts } = deployment
    const poll = await approvedAccess(deployment, rp)
    expect((await poll()).status).toBe(200)
    service.questions.length = 0
    expect(alerts).toEqual([['refresh tokens are issued, and rotateRefreshToken of authzen is not used', {}]])
    expect((await refresh(rp, refreshToken)).status).toBe(200)
    expect(service.questions).toEqual([])
  })
})
