import type { JsonObject } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { authorizationCode, held, pollDeferral, redeem } from '../support/deferral.js'
import { deferred } from '../support/journey.js'
import { jwtApi, opaqueApi, resourceServers } from '../support/resource_servers.js'
import { richAuthorizationRequests } from '../support/rich_authorization_requests.js'
import { userAgent } from '../support/user_agent.js'
import { closeAfterEach, type Deployment, type DeploymentOptions, deploy } from './deployment.js'

closeAfterEach()

const credentials = { grant_type: 'client_credentials' }
const opted = { completion_mode: 'deferred' }
const all = { scope: 'openid offline_access email', prompt: 'consent' }
const configuration = {
  features: {
    resourceIndicators: resourceServers,
    richAuthorizationRequests: richAuthorizationRequests(() => {}) as never,
  },
  ttl: { AccessToken: 3600 },
}
const start = (options: DeploymentOptions['options'] = {}) => deploy({ options, configuration })
const isGate = (name: string) => name.startsWith('issue:')

/** The service permits with this `issuance` at the gate. */
function shape({ service }: Deployment, issuance: JsonObject): void {
  service.policy = ({ action }) => (isGate(action.name) ? { decision: true, context: { issuance } } : 'permit')
}

describe.each(['of a client that can wait', 'of a client that cannot'])('a request %s', (name) => {
  const mode = name.endsWith('not') ? {} : opted

  test('everything permitted: tokens at once', async () => {
    const { rp } = await start()
    expect((await redeem(rp, await authorizationCode(rp, all), mode)).body.scope).toBe(all.scope)
  })

  test.each([
    ['the gate', 'issue:access_token:authorization_code', 'invalid_grant'],
    ['a scope', 'email', 'invalid_scope'],
  ])('X-220 V1 %s denied: an error at once, never one of a deferral', async (_name, denied, error) => {
    const { service, rp, op } = await start()
    service.policy = ({ action }) => (action.name === denied ? 'deny' : 'permit')
    const { status, body } = await redeem(rp, await authorizationCode(rp, all), mode)
    expect([status, body.error]).toEqual([400, error])
    expect((await op.provider.deferrals.list()).deferrals).toEqual([])
  })

  test('a detail denied: invalid_authorization_details, or with `narrow` the others', async () => {
    const details = ['initiate', 'read'].map((action) => ({ type: 'payment', actions: [action] }))
    const request = {
      scope: 'openid read',
      resource: opaqueApi,
      authorization_details: JSON.stringify(details),
    }
    for (const partial of ['deny', 'narrow'] as const) {
      const { service, rp } = await start({ partial })
      service.policy = ({ action }) => (action.name === 'initiate' ? 'deny' : 'permit')
      const code = await authorizationCode(rp, request)
      const { body } = await redeem(rp, code, { ...mode, resource: opaqueApi })
      if (partial === 'deny') expect(body.error).toBe('invalid_authorization_details')
      else expect(body.authorization_details).toEqual(details.slice(1))
    }
  })

  test('V4 with `narrow` the scopes that are left are issued, and no others', async () => {
    const { service, rp } = await start({ partial: 'narrow' })
    service.policy = ({ action }) => (action.name === 'email' ? 'deny' : 'permit')
    expect((await redeem(rp, await authorizationCode(rp, all), mode)).body.scope).toBe('openid offline_access')
    service.policy = ({ action }) => (isGate(action.name) ? 'permit' : 'deny')
    expect((await redeem(rp, await authorizationCode(rp, all), mode)).body.error).toBe('invalid_scope')
  })

  test('V4 a scope survives only where every target permits it, and a denied target goes', async () => {
    const { service, rp } = await start({ partial: 'narrow' })
    const request = { scope: 'openid read write', resource: opaqueApi }
    service.policy = ({ action, resource }) =>
      action.name === 'write' && resource.id === opaqueApi ? 'deny' : 'permit'
    const code = await authorizationCode(rp, request)
    expect((await redeem(rp, code, { ...mode, resource: opaqueApi })).body.scope).toBe('read')
    service.policy = ({ action }) => (isGate(action.name) ? 'deny' : 'permit')
    const other = await authorizationCode(rp, request)
    expect((await redeem(rp, other, { ...mode, resource: opaqueApi })).body.error).toBe('invalid_grant')
  })
})

describe('a permit that narrows', () => {
  const redeemed = async ({ rp }: Deployment, request: Record<string, string> = all) =>
    redeem(rp, await authorizationCode(rp, request))

  test('granted_scope and token_lifetime are applied', async () => {
    const deployment = await start()
    shape(deployment, { granted_scope: 'openid email', token_lifetime: 60 })
    const { body } = await redeemed(deployment)
    expect(body.scope).toBe('openid email')
    expect(body.expires_in).toBeLessThanOrEqual(60)
  })

  test.each<[string, JsonObject]>([
    ['a broader scope', { granted_scope: 'openid payments' }],
    ['a scope of another type', { granted_scope: ['openid'] }],
    ['no time left', { token_lifetime: 0 }],
    ['a lifetime of another type', { token_lifetime: '60' }],
    ['another audience', { audience: ['https://other.example'] }],
    ['no audience', { audience: [] }],
    ['details that were not requested', { authorization_details: [{ type: 'payment' }] }],
    ['a critical claim that is not known', { claims: { limit: 5 }, crit: ['limit'] }],
    ['a critical claim without a value', { crit: ['known'] }],
    ['a reserved claim', { claims: { sub: 'bob' } }],
  ])('V4 %s: a denial', async (_name, issuance) => {
    const deployment = await start({ claims: ['known'] })
    shape(deployment, issuance)
    const { status } = await redeemed(deployment)
    expect(status).toBe(400)
    const isAlerted = Object.keys(issuance).join() !== 'audience' || (issuance.audience as string[]).length > 0
    if (isAlerted) {
      expect(deployment.alerts).toEqual([
        ['a permit of the policy decision point cannot be applied', expect.objectContaining({})],
      ])
    }
  })

  test('claims that are known reach the token, critical ones too; two values for one are a denial', async () => {
    const deployment = await start({ claims: ['limit'] })
    shape(deployment, { claims: { limit: 500, other: 'x' }, crit: ['limit'] })
    const request = { ...credentials, scope: 'read', resource: jwtApi }
    const { body } = await deployment.rp.token(request)
    const payload = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString())
    expect(payload).toMatchObject({ limit: 500 })
    expect(payload.other).toBeUndefined()
    let value = 0
    deployment.service.policy = () => ({ decision: true, context: { issuance: { claims: { limit: value++ } } } })
    expect((await deployment.rp.token(request)).status).toBe(400)
  })

  test('of a batch the smallest lifetime counts, and a denied answer does not', async () => {
    const deployment = await start({ partial: 'narrow' })
    const lifetimes: Record<string, number> = { openid: 120, email: 60, offline_access: 5 }
    deployment.service.policy = ({ action: { name } }) => ({
      decision: name !== 'offline_access',
      context: { issuance: { token_lifetime: lifetimes[name] ?? 600 } },
    })
    const { body } = await redeemed(deployment)
    expect(body.expires_in).toBeGreaterThan(50)
    expect(body.expires_in).toBeLessThanOrEqual(60)
  })
})

test('V1 a denial that could be requested is a plain denial here, also for a client that can wait', async () => {
  const { service, rp, op } = await start()
  service.policy = () => 'request'
  for (const mode of [{}, opted]) {
    const { body } = await redeem(rp, await authorizationCode(rp, all), mode)
    expect(body.error).toBe('invalid_grant')
    expect(JSON.stringify(body)).not.toMatch(/approv|access_request|ev_/)
  }
  expect((await op.provider.deferrals.list()).deferrals).toEqual([])
})

describe('at the authorization endpoint', () => {
  test('a denial is access_denied or invalid_scope, and a permit of a deferred_code still waits', async () => {
    const { service, op, rp } = await start()
    const { id } = await deferred(op, rp)
    expect((await op.provider.deferrals.get(id))?.status).toBe('pending')
    service.policy = () => 'deny'
    const landing = await userAgent().visit(rp.authorizationUrl({}))
    expect(landing.params.error).toBe('access_denied')
    service.policy = ({ action }) => (action.name === 'openid' ? 'deny' : 'permit')
    expect((await userAgent().visit(rp.authorizationUrl({}))).params.error).toBe('invalid_scope')
  })
})

describe('at redemption', () => {
  // an operator's `defer` lets the request wait, the policy decision point is asked when the tokens are minted
  async function approved(options: DeploymentOptions['options'] = {}) {
    const deployment = await deploy({ options, configuration, deferred: { defer: () => true } })
    const deferral = await held(deployment.op, deployment.rp, 'authorization_code', { request: all })
    await deployment.op.provider.deferrals.approve(deferral.id)
    return { ...deployment, ...deferral }
  }

  test('X-210 V2 the policy decision point is asked again, about what was approved', async () => {
    const { service, rp, deferralCode } = await approved()
    expect(service.calls).toEqual([])
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
    expect(service.questions.map(({ action }) => action.name)).toEqual([
      'issue:access_token:authorization_code',
      ...all.scope.split(' '),
    ])
  })

  test('X-210 V2 only what the operator has approved is asked about', async () => {
    const deployment = await deploy({ configuration, deferred: { defer: () => true } })
    const { service, op, rp } = deployment
    const { id, deferralCode } = await held(op, rp, 'authorization_code', { request: all })
    await op.provider.deferrals.approve(id, { scope: 'openid' })
    expect((await pollDeferral(rp, deferralCode)).body.scope).toBe('openid')
    expect(service.questions).toHaveLength(2)
  })

  test('X-211 V4 a late answer narrows as a prompt one', async () => {
    const { service, rp, deferralCode, ...deployment } = await approved({ partial: 'narrow' })
    service.policy = ({ action }) =>
      action.name === 'email' ? 'deny' : { decision: true, context: { issuance: { token_lifetime: 60 } } }
    const { body } = await pollDeferral(rp, deferralCode)
    expect(body.scope).toBe('openid offline_access')
    expect(body.expires_in).toBeLessThanOrEqual(60)
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
    expect(refreshed.body.expires_in).toBeLessThanOrEqual(60)
    expect(deployment.alerts).toEqual([])
  })

  test('X-212 V11 an outage keeps the approval, and the client waits', async () => {
    const { service, op, rp, id, deferralCode } = await approved()
    service.intercept = () => ({ status: 500 })
    for (const _ of [1, 2]) {
      const { status, body, headers } = await pollDeferral(rp, deferralCode)
      expect([status, body.error]).toEqual([400, 'authorization_pending'])
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
    }
    // the second poll did not ask
    expect(service.calls).toHaveLength(1)
    expect((await op.provider.deferrals.get(id))?.status).toBe('approved')
  })

  test('X-213 a denial ends the deferral', async () => {
    const { service, op, rp, id, deferralCode, alerts } = await approved()
    service.policy = () => 'deny'
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
    expect((await op.provider.deferrals.get(id))?.status).toBe('cancelled')
    expect(alerts).toEqual([['the policy decision point denies an approved request', { deferral: id }]])
  })

  test.each<[string, JsonObject, string]>([
    ['retry', { next_action: 'retry', retry_after: 40 }, 'authorization_pending'],
    ['retry without a time', { next_action: 'retry' }, 'authorization_pending'],
    ['the reason of a grant that comes later', { reason: 'grant_pending' }, 'authorization_pending'],
    ['none', { next_action: 'none' }, 'access_denied'],
    ['request without an access request', { next_action: 'request' }, 'access_denied'],
    ['an unknown action with a final reason', { next_action: 'x', reason: 'policy_denied' }, 'access_denied'],
    ['an unknown action', { next_action: 'x' }, 'access_denied'],
  ])('X-213 %s', async (_name, context, error) => {
    const { service, rp, deferralCode } = await approved()
    service.policy = () => ({ decision: false, context })
    const { body, headers } = await pollDeferral(rp, deferralCode)
    expect(body.error).toBe(error)
    if (context.retry_after) expect(headers.get('retry-after')).toBe('40')
  })
})
