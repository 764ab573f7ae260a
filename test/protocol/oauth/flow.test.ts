import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grants, held, pollDeferral, revoke } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({ deferred: { defer: () => true } })
})
afterAll(() => op.close())

describe.each(grants)('%s', (grant) => {
  test.each(['a shared secret', 'a DPoP key'])('I-035 from the token request to tokens, with %s', async (proof) => {
    const rp = relyingParty(op.issuer, 'secret', proof === 'a DPoP key' ? await dpopKey() : undefined)
    const { deferralCode, id, answer } = await held(op, rp, grant)
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({
      error: 'authorization_pending',
      error_description: 'the deferred request has not been decided yet',
      deferral_code: deferralCode,
      expires_in: 86_400,
      interval: 5,
    })
    const pending = await pollDeferral(rp, deferralCode)
    expect(pending.body).toEqual({
      error: 'authorization_pending',
      error_description: 'the deferred request has not been decided yet',
    })
    await op.provider.deferrals.approve(id)
    const { status, body } = await pollDeferral(rp, deferralCode)
    expect({ status, error: body.error, description: body.error_description }).toEqual({ status: 200 })
    expect(body).toMatchObject({ access_token: expect.any(String), token_type: rp.key ? 'DPoP' : 'Bearer' })
    expect('id_token' in body).toBe(grant === 'authorization_code')
    const again = await pollDeferral(rp, deferralCode)
    expect(again.body).toEqual({ error: 'invalid_grant', error_description: 'deferral_code was already redeemed' })
  })

  test('I-111 a revoked code is access_denied', async () => {
    const rp = relyingParty(op.issuer, 'secret')
    const { deferralCode, id } = await held(op, rp, grant)
    expect((await revoke(rp, deferralCode)).status).toBe(200)
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
  })

  test('I-046 I-047 interaction and back', async () => {
    const rp = relyingParty(op.issuer, 'secret')
    const { deferralCode, id } = await held(op, rp, grant)
    await op.provider.deferrals.requireInteraction(id, { uri: `https://op.example/confirm/${id}` })
    const { body } = await pollDeferral(rp, deferralCode)
    expect(body).toEqual({
      error: 'interaction_required',
      error_description: 'the deferred request waits for an interaction',
      interaction_uri: `https://op.example/confirm/${id}`,
    })
  })
})
