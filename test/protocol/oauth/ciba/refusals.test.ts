import { describe, expect, test } from 'vitest'
import { held, pollDeferral, revoke } from '../../../support/deferral.js'
import { unclaimed } from '../../../support/direct.js'
import { waiting } from '../../../support/journey.js'
import { hint } from '../../../support/phone.js'
import { dpopKey, relyingParty } from '../../../support/relying_party.js'
import { error, nobody, request, useHints } from './hinting.js'

const { op, phone, rp, code, deferrals } = useHints()

describe('X-121 who may send it', () => {
  test('X-121 X-126 another client gets the answer for an unknown hint', async () => {
    const { deferralCode } = await code()
    const other = relyingParty(op.issuer, 'other')
    const [foreign, unknown] = [await hint(other, deferralCode), await hint(other, 'x'.repeat(65))]
    expect(foreign).toMatchObject(nobody)
    expect(foreign.body).toEqual(unknown.body)
  })

  test('X-121 a client without the grant of CIBA, and a public one, get what the host says', async () => {
    const { deferralCode } = await code()
    expect(await hint(relyingParty(op.issuer, 'plain'), deferralCode)).toMatchObject(error('invalid_request'))
    const key = await dpopKey()
    expect(await hint(relyingParty(op.issuer, 'public', key), deferralCode)).toMatchObject(error('invalid_request'))
    expect(
      (
        await rp().post(
          '/backchannel',
          { scope: 'openid', login_hint_token: deferralCode },
          { headers: { authorization: 'Basic eDp5' } },
        )
      ).status,
    ).toBe(401)
  })
})

describe('X-122 the key', () => {
  test('X-122 N10 without the bound key it is unknown, and nobody is asked; with it it works', async () => {
    const key = await dpopKey()
    const bound = relyingParty(op.issuer, 'secret', key)
    const { deferralCode, id } = await held(op, bound, 'authorization_code', { request })
    for (const dpop of [undefined, await dpopKey()]) {
      expect(await hint(bound, deferralCode, {}, { dpop })).toMatchObject(nobody)
    }
    expect(phone.questions.filter(({ request: asked }) => asked.deferralId === id)).toEqual([])
    expect((await hint(bound, deferralCode)).status).toBe(200)
    await phone.asked(id)
  })

  test('X-122 a proof for another endpoint is invalid_dpop_proof, whichever the hint', async () => {
    const key = await dpopKey()
    const elsewhere = { dpop: { ...key, proof: () => key.proof(`${op.issuer}/token`) } }
    const { deferralCode } = await code()
    for (const handle of [deferralCode, 'x'.repeat(65)]) {
      expect(await hint(rp(), handle, {}, elsewhere)).toMatchObject(error('invalid_dpop_proof'))
    }
  })
})

describe('X-123 parameters beside the hint', () => {
  const claims = JSON.stringify({ id_token: { email: null } })

  test('X-102 X-123 may repeat the request', async () => {
    const { deferralCode, id } = await code({ claims })
    const repeated = { scope: 'email openid', claims: '{ "id_token": { "email": null } }', nonce: 'n-1' }
    expect((await hint(rp(), deferralCode, repeated)).status).toBe(200)
    const { request: asked } = await phone.asked(id)
    expect(asked).toMatchObject({ scope: 'openid email', nonce: 'n-1', claims: { id_token: { email: null } } })
  })

  test.each([
    ['scope', 'openid email payments'],
    ['scope', 'openid payments'],
    ['claims', '{"id_token":{"email":null,"phone":null}}'],
    ['nonce', 'another'],
    ['acr_values', 'gold'],
    ['max_age', '5'],
  ])('X-102 X-123 N3 another %s is invalid_request, and nobody is asked: %s', async (name, value) => {
    const { deferralCode, id } = await code({ claims })
    expect(await hint(rp(), deferralCode, { [name]: value })).toMatchObject(error('invalid_request'))
    expect((await deferrals().get(id))?.legs).toBeUndefined()
  })

  test('X-120 exactly one hint', async () => {
    const { deferralCode } = await code()
    expect(await hint(rp(), deferralCode, { login_hint: 'alice' })).toMatchObject(error('invalid_request'))
    expect(await hint(rp(), undefined as never)).toMatchObject(error('invalid_request'))
  })
})

describe('X-124 X-126 the state of the deferral', () => {
  test('X-124 the handle of the openid profile is a hint, too; its deferred code is not', async () => {
    const { handle, id } = await waiting(op, rp())
    expect((await hint(rp(), handle)).status).toBe(200)
    await phone.asked(id)
  })

  test('X-124 without an account, or without an ID Token, nobody can be asked', async () => {
    const machine = await held(op, rp(), 'client_credentials')
    expect(await hint(rp(), machine.deferralCode)).toMatchObject(nobody)
    const plain = await held(op, rp(), 'authorization_code', { request: { scope: 'payments' } })
    expect(await hint(rp(), plain.deferralCode)).toMatchObject(nobody)
  })

  test('X-124 a direct deferral that nobody has claimed is unknown', async () => {
    const { deferralCode, id } = await unclaimed(rp())
    expect(await hint(rp(), deferralCode)).toMatchObject(nobody)
    expect(await deferrals().get(id)).toMatchObject({ direct: 'unclaimed', status: 'pending' })
  })

  test('X-126 denied, or cancelled by an operator: access_denied', async () => {
    for (const end of ['deny', 'cancel'] as const) {
      const { deferralCode, id } = await code()
      await deferrals()[end](id)
      expect(await hint(rp(), deferralCode)).toMatchObject(error('access_denied', 403))
    }
  })

  test('X-126 cancelled by the client, or redeemed: unknown', async () => {
    const cancelled = await code()
    await revoke(rp(), cancelled.deferralCode)
    expect(await hint(rp(), cancelled.deferralCode)).toMatchObject(nobody)
    const redeemed = await code()
    await deferrals().approve(redeemed.id)
    expect((await pollDeferral(rp(), redeemed.deferralCode)).status).toBe(200)
    expect(await hint(rp(), redeemed.deferralCode)).toMatchObject(nobody)
  })

  test('X-126 approved: the client shall poll; expired: expired_login_hint_token', async () => {
    const { deferralCode, id } = await code()
    await deferrals().approve(id)
    expect(await hint(rp(), deferralCode)).toMatchObject(error('invalid_request'))
    const old = await code()
    op.clock.advance(86_400)
    expect(await hint(rp(), old.deferralCode)).toMatchObject(error('expired_login_hint_token'))
  })
})
