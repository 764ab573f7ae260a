import type { Adapter } from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizationCode, held, pollDeferral, redeem, whoeverCan } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const inner = memoryAdapter()

/** An adapter for which a consumed code is one that is no more. */
function forgetful(name: string): Adapter {
  const model = inner(name)
  return name === 'AuthorizationCode' ? { ...model, consume: (id) => model.destroy(id) } : model
}

beforeAll(async () => {
  op = await startProvider({ configuration: { adapter: forgetful }, deferred: { defer: whoeverCan } })
})
afterAll(() => op.close())

test('where a consumed code is deleted a request for tokens can wait as elsewhere', async () => {
  const rp = relyingParty(op.issuer)
  const { deferralCode, id } = await held(op, rp, 'authorization_code')
  expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
  await op.provider.deferrals.approve(id)
  expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200 })
})

test('a code that was never deferred is redeemed once, and refused then', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  expect((await redeem(rp, code)).status).toBe(200)
  expect((await redeem(rp, code)).body.error).toBe('invalid_grant')
})

test.each([{ completion_mode: 'deferred' }, {}])(
  'a replay with %j is refused, and gets no second deferral',
  async (params) => {
    const rp = relyingParty(op.issuer)
    const { code } = await held(op, rp, 'authorization_code')
    const { deferrals: before } = await op.provider.deferrals.list()
    const again = await redeem(rp, code as string, params)
    expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(again.body).not.toHaveProperty('deferral_code')
    expect((await op.provider.deferrals.list()).deferrals).toHaveLength(before.length)
  },
)
