import type { Grant } from 'oidc-provider'
import type { DeferredTokenResponseOptions } from 'oidc-provider-deferred'
import { expect, test, vi } from 'vitest'
import { added, authorize, clientOf, clientsWith, redeem, signedIn } from '../../support/authorization.js'
import { grantType } from '../../support/clients.js'
import { startProvider } from '../../support/provider.js'

const day = 86_400

/** A provider whose Grants and refresh tokens live as long as told, and the Grant behind its last response. */
async function started(ttl: Record<string, number>, deferred: DeferredTokenResponseOptions = {}) {
  const clients = clientsWith('other', { grant_types: [grantType], response_types: ['deferred_code'] as never })
  const op = await startProvider({ configuration: { clients, ttl }, deferred })
  const ids: string[] = []
  op.provider.on('authorization.success', (ctx) => ids.push(ctx.oidc.entities.Grant!.jti))
  const grant = async () => (await op.provider.Grant.find(ids.at(-1)!)) as Grant
  const left = async () => (await grant()).exp! - now()
  return { op, grant, left }
}

const now = () => Math.floor(Date.now() / 1000)

/** Expects a Grant to have begun between this moment and now, two seconds more or less. */
function expectSince(start: number, { exp }: Grant, seconds: number): void {
  expect(exp! - seconds).toBeGreaterThanOrEqual(start - 2)
  expect(exp! - seconds).toBeLessThanOrEqual(now() + 2)
}

test.each([
  ['secret', 60 + 5 * day + 2 * day + 180],
  ['other', 60 + 5 * day + 180],
])('O-066 the Grant outlives the deferral, and the refresh token after it (%s client)', async (clientId, seconds) => {
  const { op, grant } = await started(
    { Grant: 600, RefreshToken: 2 * day },
    { ttl: { deferral: day }, defer: () => ({ expiresIn: 5 * day }) },
  )
  const rp = await clientOf(op, clientId)
  const start = now()
  await authorize(op, rp, { scope: 'openid email' })
  expectSince(start, await grant(), seconds)
  await op.close()
})

test('O-066 tokens come days after the Grant would have ended, for every scope of it', async () => {
  const { op, grant } = await started(
    { Grant: 600, Session: 30 * day, AccessToken: 3600 },
    { ttl: { deferral: 5 * day } },
  )
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp, { scope: 'openid email' })
  expect((await grant()).getOIDCScope()).toBe('openid email')
  const { body } = await rp.exchange(params.deferred_code!)
  const now = Date.now
  op.clock.advance(4 * day)
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 4 * day * 1000)
  await op.provider.deferrals.approve(params.deferred_code!.slice(0, 22))
  const tokens = await rp.poll(body.deferred_auth_id)
  clock.mockRestore()
  expect(tokens).toMatchObject({ status: 200, body: { scope: 'openid email' } })
  await op.close()
})

test('O-066 a Grant that lives longer stays as it is', async () => {
  const { op, grant } = await started({ Grant: 90 * day, RefreshToken: day })
  const start = now()
  await authorize(op, await clientOf(op, 'secret'))
  expectSince(start, await grant(), 90 * day)
  await op.close()
})

test('O-026 a request that is answered at once leaves its Grant alone', async () => {
  const { op, left } = await started({ Grant: 600 })
  await authorize(op, await clientOf(op, 'secret'), { response_type: 'deferred_code code' })
  expect(await left()).toBeLessThanOrEqual(600)
  await op.close()
})

test('O-019 O-037 a Grant revoked while the request is answered is access_denied, and is not brought back', async () => {
  const { op } = await started({ Grant: 600 })
  const rp = await clientOf(op, 'secret')
  const agent = await signedIn(op, rp)
  let revoked = ''
  op.provider.once('authorization.accepted', (ctx) => {
    revoked = ctx.oidc.entities.Grant!.jti
    ctx.oidc.entities.Grant!.destroy()
  })
  const outcome = await added(op, () => authorize(op, rp, {}, { agent }))
  expect(outcome.result.params).toMatchObject({ error: 'access_denied', state: 'a state', iss: op.issuer })
  expect(outcome.new).toEqual([])
  expect(await op.provider.Grant.find(revoked)).toBeUndefined()
  await op.close()
})

test('O-015 O-037 a store that fails is server_error without details, and the next request works', async () => {
  const { memoryStore } = await import('oidc-provider-deferred')
  const store = memoryStore()
  const { op } = await started({}, { store })
  const rp = await clientOf(op, 'secret')
  const failing = vi
    .spyOn(store, 'insert')
    .mockRejectedValueOnce(
      Object.assign(new Error('connection to db.internal lost'), { expose: true, statusCode: 400 }),
    )
  const { status, html, params } = await authorize(op, rp)
  expect({ status, params }).toEqual({ status: 500, params: {} })
  expect(html).toMatch(/server_error/)
  expect(html).not.toMatch(/db\.internal/)
  failing.mockRestore()
  const next = await authorize(op, rp)
  expect(await redeem(op, rp, next.params.deferred_code!)).toMatchObject({ status: 200 })
  await op.close()
})
