import { expect, test } from 'vitest'
import { held, pollDeferral } from '../../support/deferral.js'
import { withProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { resourceIndicators } from '../../support/rich_authorization_requests.js'

test('I-007 C-I14 a default resource that came up while a request waited is not given to it, and the approval survives', async () => {
  let byDefault: string | undefined
  const features = { resourceIndicators: { ...resourceIndicators, defaultResource: () => byDefault as never } }
  await withProvider({ configuration: { features }, deferred: { defer: () => true } }, async (op) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await held(op, rp, 'client_credentials', { params: { scope: 'payments' } })
    await op.provider.deferrals.approve(id)
    byDefault = 'https://pay.example/'
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 500, body: { error: 'server_error' } })
    byDefault = undefined
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200, body: { scope: 'payments' } })
  })
})
