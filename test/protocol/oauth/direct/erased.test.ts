import { memoryStore } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { firstPoll, unclaimed, withDirect } from '../../../support/direct.js'
import { withProvider } from '../../../support/provider.js'
import { relyingParty } from '../../../support/relying_party.js'

test.each([
  ['that waits for its first poll', 0],
  ['whose first poll never came', 3600],
])('the personal data of an account are erased in a direct deferral %s', async (_name, seconds) => {
  const store = memoryStore()
  await withProvider(withDirect(true, { deferred: { store } }), async (op) => {
    const rp = relyingParty(op.issuer)
    const { id, deferralCode } = await unclaimed(rp)
    const { accountId } = (await store.find(id, op.clock.now())) ?? {}
    expect(accountId).toBeDefined()
    op.clock.advance(seconds)
    expect(await op.provider.deferrals.erase({ accountId: String(accountId) })).toEqual({ erased: 1 })
    const { accountId: left, erasedAt } = (await store.find(id, op.clock.now())) ?? {}
    expect([left, erasedAt]).toEqual([undefined, op.clock.now()])
    expect((await firstPoll(rp, deferralCode)).body.error).not.toBe('authorization_pending')
  })
})
