import { describe, expect, test } from 'vitest'
import { pollDeferral } from '../../support/deferral.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { useCustomGrants } from './custom_grant_provider.js'
import { customGrants, waitingCustom } from './custom_grants.js'

const custom = useCustomGrants(() => true)

const waiting = (rp: RelyingParty, grant: string, params?: Parameters<typeof waitingCustom>[3]) =>
  waitingCustom(custom.op, rp, grant, params)

describe.each(customGrants)('%s', (grant) => {
  test('I-007 a decision narrows the scope it is issued with, and says so', async () => {
    const rp = relyingParty(custom.op.issuer)
    const { id, deferralCode } = await waiting(rp, grant)
    await expect(custom.op.provider.deferrals.approve(id, { scope: 'email openid' })).rejects.toThrow(RangeError)
    await custom.op.provider.deferrals.approve(id, { scope: 'email' })
    const { status, body } = await pollDeferral(rp, deferralCode)
    expect({ status, scope: body.scope }).toEqual({ status: 200, scope: 'email' })
    expect(custom.did.issued).toMatchObject([{ source: { scope: 'email' } }])
    expect(await custom.op.provider.AccessToken.find(body.access_token)).toMatchObject({ scope: 'email' })
  })

  test('I-007 E-32 a grant that issues more than was decided issues nothing', async () => {
    const rp = relyingParty(custom.op.issuer)
    const { id, deferralCode } = await waiting(rp, grant)
    await custom.op.provider.deferrals.approve(id, { scope: 'email' })
    custom.did.instead.issue = (source) => {
      source.scope = 'email payments'
    }
    const refused = await pollDeferral(rp, deferralCode)
    expect(refused).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(refused.body).not.toHaveProperty('access_token')
    custom.did.instead = {}
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200, body: { scope: 'email' } })
  })

  test('I-007 resources, details and other members are narrowed or kept', async () => {
    const rp = relyingParty(custom.op.issuer)
    const details = [
      { type: 'payment', amount: 7 },
      { type: 'payment', amount: 8 },
    ]
    custom.did.instead.validate = (source) => ({
      ...source,
      resource: ['a:b', 'c:d'],
      rar: details,
      partner: { tier: [1, null] },
    })
    const { id, deferralCode } = await waiting(rp, grant)
    expect(await custom.op.provider.deferrals.get(id)).toMatchObject({
      resource: ['a:b', 'c:d'],
      authorizationDetails: details,
    })
    await custom.op.provider.deferrals.approve(id, { resource: ['a:b'], authorizationDetails: details.slice(1) })
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200 })
    expect(custom.did.issued).toMatchObject([
      { source: { resource: 'a:b', rar: details.slice(1), partner: { tier: [1, null] }, accountId: 'alice' } },
    ])
  })
})
