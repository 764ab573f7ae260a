import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe, expect, test, vi } from 'vitest'
import { actions, closeAfterEach } from './deployment.js'
import {
  alertOf,
  all,
  approved,
  approvedAccess,
  configuration,
  denies,
  gate,
  keys,
  limited,
  refresh,
} from './refresh_tokens.js'

closeAfterEach()

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
