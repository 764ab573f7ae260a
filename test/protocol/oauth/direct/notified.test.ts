import { expect, test } from 'vitest'
import { startWire } from '../../../notification/wire.js'
import { firstPoll, unclaimed, withDirect } from '../../../support/direct.js'
import { relyingParty } from '../../../support/relying_party.js'

test('X-011 X-033 X-034 nothing is sent before the first poll; its token authorizes the callback', async () => {
  const { deferred } = withDirect()
  const wire = await startWire({ deferred: { ...deferred } })
  try {
    const rp = relyingParty(wire.op.issuer)
    const [silent, told] = [await unclaimed(rp), await unclaimed(rp)]
    await wire.op.provider.deferrals.approve(silent.id)
    expect(await wire.kept(silent.id)).toBeUndefined()
    await firstPoll(rp, told.deferralCode, { client_notification_token: 'a-token' })
    await wire.armed(told.id)
    wire.op.clock.advance(2)
    await wire.op.provider.deferrals.deny(told.id)
    await wire.settled(told.id, 'delivered')
    const [callback] = wire.heard(told.id)
    expect(callback?.headers.authorization).toBe('Bearer a-token')
    expect(JSON.parse(callback?.body ?? '')).toEqual({ deferral_code: told.deferralCode })
    expect(wire.heard(silent.id)).toEqual([])
  } finally {
    await wire.close()
  }
})
