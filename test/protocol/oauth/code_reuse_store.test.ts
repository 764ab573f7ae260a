import type { Adapter } from 'oidc-provider'
import { expect, test } from 'vitest'
import { added } from '../../support/authorization.js'
import { authorizationCode, pollDeferral, redeem } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { observedStore } from '../../support/observed.js'
import { withProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

const opted = { completion_mode: 'deferred' }

test('C-I17 a replay that overtakes the write of the deferral ends it also where Grants outlive a theft', async () => {
  const { store, interrupt } = observedStore()
  const configuration = { revokeGrantPolicy: () => false }
  await withProvider({ configuration, deferred: { store, defer: () => true } }, async (op) => {
    const rp = relyingParty(op.issuer)
    const code = await authorizationCode(rp)
    interrupt('insert', () => redeem(rp, code, opted))
    const { result, ...outcome } = await added(op, () => redeem(rp, code, opted))
    for (const { id } of outcome.new) await op.provider.deferrals.approve(id)
    const polled = result.body.deferral_code ? await pollDeferral(rp, result.body.deferral_code) : result
    expect(polled.body).not.toHaveProperty('access_token')
    expect(['access_denied', 'invalid_grant']).toContain(polled.body.error)
  })
})

test('C-I17 a replay where Grants outlive a theft ends the deferral', async () => {
  await withProvider(
    { configuration: { revokeGrantPolicy: () => false }, deferred: { defer: () => true } },
    async (op) => {
      const rp = relyingParty(op.issuer)
      const code = await authorizationCode(rp)
      const { result, ...outcome } = await added(op, () => redeem(rp, code, opted))
      expect((await redeem(rp, code, opted)).body.error).toBe('invalid_grant')
      expect(await op.provider.deferrals.get(outcome.new[0]?.id as string)).toMatchObject({ status: 'cancelled' })
      expect((await pollDeferral(rp, result.body.deferral_code)).body.error).toBe('access_denied')
    },
  )
})

test('C-I17 where the adapter lets a code pass twice there is one deferral, and the second use ends it', async () => {
  const inner = memoryAdapter()
  const lenient = (name: string): Adapter =>
    name === 'AuthorizationCode' ? { ...inner(name), consume: async () => undefined } : inner(name)
  await withProvider({ configuration: { adapter: lenient }, deferred: { defer: () => true } }, async (op) => {
    const rp = relyingParty(op.issuer)
    const code = await authorizationCode(rp)
    const { result, ...outcome } = await added(op, async () => [
      await redeem(rp, code, opted),
      await redeem(rp, code, opted),
    ])
    expect(result.map(({ body }) => body.error)).toEqual(['authorization_pending', 'invalid_grant'])
    expect(outcome.new).toHaveLength(1)
    expect(await op.provider.deferrals.get(outcome.new[0]?.id as string)).toMatchObject({ status: 'cancelled' })
    expect((await pollDeferral(rp, result[0]?.body.deferral_code)).body.error).toBe('access_denied')
  })
})
