import type { JsonObject } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { jwtApi } from '../support/resource_servers.js'
import { closeAfterEach } from './deployment.js'
import { alertOf, all, denies, limited, permitWith, refresh } from './refresh_tokens.js'

closeAfterEach()

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
