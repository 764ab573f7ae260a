import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { authorizationCode, held, pollDeferral, redeem } from '../../support/deferral.js'
import { observedAdapter } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

const day = 86_400

let op: TestProvider
const host = observedAdapter()

beforeAll(async () => {
  op = await startProvider({
    configuration: { adapter: host.adapter, ttl: { Grant: 600, Session: 30 * day, AccessToken: 3600 } },
    deferred: { defer: () => true, ttl: { deferral: 5 * day } },
  })
})
afterAll(() => op.close())

const hint = { completion_mode: 'deferred' }

test('I-043 without a hint a deferral ends with the Grant of the end-user', async () => {
  const { answer, id } = await held(op, relyingParty(op.issuer), 'authorization_code')
  expect(answer.body.expires_in).toBeLessThanOrEqual(600)
  expect(answer.body.expires_in).toBeGreaterThan(590)
  const { createdAt, expiresAt } = (await op.provider.deferrals.get(id)) ?? {}
  expect(Number(expiresAt) - Number(createdAt)).toBe(answer.body.expires_in * 1000)
})

test('I-025 I-043 with a hint the Grant lives as long as a deferral may: tokens come days later', async () => {
  const rp = relyingParty(op.issuer)
  const { answer, id, deferralCode } = await held(op, rp, 'authorization_code', { request: hint })
  expect(answer.body.expires_in).toBe(5 * day)
  const now = Date.now
  op.clock.advance(4 * day)
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 4 * day * 1000)
  await op.provider.deferrals.approve(id)
  const tokens = await pollDeferral(rp, deferralCode)
  clock.mockRestore()
  expect(tokens).toMatchObject({ status: 200, body: { scope: 'openid' } })
})

test('I-026 a request without a hint leaves its Grant alone', async () => {
  const rp = relyingParty(op.issuer)
  host.calls.length = 0
  await redeem(rp, await authorizationCode(rp))
  expect(host.calls.filter((call) => call === 'Grant.upsert')).toHaveLength(1)
})

test('I-029 a Grant revoked while a hinted request is answered is access_denied, and is not brought back', async () => {
  const rp = relyingParty(op.issuer)
  let revoked = ''
  op.provider.once('authorization.accepted', (ctx) => {
    revoked = ctx.oidc.entities.Grant?.jti ?? ''
    ctx.oidc.entities.Grant?.destroy()
  })
  await expect(authorizationCode(rp, hint)).rejects.toThrow(/error=access_denied/)
  expect(await op.provider.Grant.find(revoked)).toBeUndefined()
})
