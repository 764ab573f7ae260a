import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { held, pollDeferral } from '../../../support/deferral.js'
import { hint, pollCiba, withPhone } from '../../../support/phone.js'
import { relyingParty } from '../../../support/relying_party.js'
import { useProvider } from '../../../support/use_provider.js'

const { phone, options } = withPhone({ hint: true })
const op = useProvider(options)

test('X-120 X-125 X-127 X-128 a deferral_code is a hint: the end-user answers on the device, and the auth_req_id gets the tokens', async () => {
  const rp = relyingParty(op.issuer)
  const { deferralCode, id } = await held(op, rp, 'authorization_code', {
    request: { scope: 'openid email', nonce: 'n-1' },
  })
  const { status, headers, body } = await hint(rp, deferralCode, { binding_message: 'Wire 4,200' })
  expect([status, body]).toEqual([
    200,
    { auth_req_id: expect.any(String), expires_in: expect.any(Number), interval: 5 },
  ])
  expect(headers.get('cache-control')).toBe('no-store')
  const question = await phone.asked(id)
  expect((await pollCiba(rp, body.auth_req_id)).body).toMatchObject({ error: 'authorization_pending' })
  await phone.allow(op, question)
  op.clock.advance(5)
  const tokens = await pollCiba(rp, body.auth_req_id)
  expect(tokens.status).toBe(200)
  expect(tokens.body).toMatchObject({ scope: 'openid email' })
  expect(decodeJwt(tokens.body.id_token)).toMatchObject({ nonce: 'n-1', sub: 'alice' })
  op.clock.advance(5)
  expect((await pollDeferral(rp, deferralCode)).body).toMatchObject({ error: 'invalid_grant' })
  expect((await pollCiba(rp, body.auth_req_id)).body).toMatchObject({ error: 'invalid_grant' })
})
