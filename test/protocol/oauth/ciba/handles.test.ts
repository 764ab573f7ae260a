import { describe, expect, test } from 'vitest'
import { held, pollDeferral, revoke } from '../../../support/deferral.js'
import { waiting } from '../../../support/journey.js'
import { hint, pollCiba, withPhone } from '../../../support/phone.js'
import { withProvider } from '../../../support/provider.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../../support/relying_party.js'
import { useProvider } from '../../../support/use_provider.js'

const { phone, options } = withPhone({ hint: true, maxOpen: { perAccount: 100 } })
const op = useProvider(options)
const error = (name: string) => ({ status: 400, body: { error: name } })
const deferrals = () => op.provider.deferrals

async function bridged(rp: RelyingParty = relyingParty(op.issuer)) {
  const { deferralCode, id } = await held(op, rp, 'authorization_code')
  const { body } = await hint(rp, deferralCode)
  const question = await phone.asked(id)
  return {
    rp,
    id,
    question,
    deferralCode,
    expiresIn: body.expires_in as number,
    ciba: (extras = {}) => pollCiba(rp, body.auth_req_id, {}, extras),
    own: (extras = {}) => pollDeferral(rp, deferralCode, {}, extras),
  }
}

describe('X-127 both handles', () => {
  test.each([
    ['ciba', 'own'],
    ['own', 'ciba'],
  ] as const)(
    'X-127 X-128 the poll with %s gets the tokens, the other handle is invalid_grant',
    async (first, second) => {
      const { question, ...handles } = await bridged()
      await phone.allow(op, question)
      const { status, body } = await handles[first]()
      expect([status, body.token_type]).toEqual([200, 'Bearer'])
      expect(await handles[second]()).toMatchObject(error('invalid_grant'))
      expect(await handles[first]()).toMatchObject(error('invalid_grant'))
    },
  )

  test('X-127 the same in the openid profile', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    const { body } = await hint(rp, handle)
    await phone.allow(op, await phone.asked(id))
    expect((await pollCiba(rp, body.auth_req_id)).status).toBe(200)
    expect(await rp.poll(handle)).toMatchObject(error('invalid_grant'))
  })

  test('X-127 the retry window repeats the answer for the own handle only', async () => {
    const { phone: device, options: others } = withPhone({ hint: true }, { deferred: { retryWindow: 60 } })
    await withProvider(others, async (at) => {
      const rp = relyingParty(at.issuer)
      for (const first of ['own', 'ciba']) {
        const { deferralCode, id } = await held(at, rp, 'authorization_code')
        const { body } = await hint(rp, deferralCode)
        await device.allow(at, await device.asked(id))
        const polls = { own: () => pollDeferral(rp, deferralCode), ciba: () => pollCiba(rp, body.auth_req_id) }
        expect((await polls[first as 'own']()).status).toBe(200)
        expect(await polls.ciba()).toMatchObject(error('invalid_grant'))
        expect((await polls.own()).status).toBe(first === 'own' ? 200 : 400)
      }
    })
  })

  test('X-127 what a poll must not carry is refused here, too', async () => {
    const { rp, question } = await bridged()
    const answer = await pollCiba(rp, question.request.jti, { completion_mode: 'deferred' })
    expect(answer).toMatchObject(error('invalid_request'))
  })

  test('X-127 interaction_required is authorization_pending for CIBA', async () => {
    const { id, ciba, own } = await bridged()
    await deferrals().requireInteraction(id, { uri: 'https://op.example/confirm' })
    const { body } = await ciba()
    expect(body).toMatchObject({ error: 'authorization_pending' })
    expect(body).not.toHaveProperty('interaction_uri')
    op.clock.advance(5)
    expect(await own()).toMatchObject(error('interaction_required'))
  })

  test('X-127 another client learns nothing', async () => {
    const { question } = await bridged()
    const other = relyingParty(op.issuer, 'other')
    const [foreign, unknown] = [await pollCiba(other, question.request.jti), await pollCiba(other, 'x'.repeat(43))]
    expect(foreign).toMatchObject(error('invalid_grant'))
    expect(foreign.body).toEqual(unknown.body)
  })
})

test('X-128 N2 N4 the key of the deferral is required at the poll of CIBA, and the tokens carry it', async () => {
  const key = await dpopKey()
  const rp = relyingParty(op.issuer, 'secret', key)
  const { ciba, question } = await bridged(rp)
  await phone.allow(op, question)
  for (const dpop of [undefined, await dpopKey()]) {
    expect(await ciba({ dpop })).toMatchObject(error('invalid_dpop_proof'))
  }
  const { body } = await ciba()
  expect(body.token_type).toBe('DPoP')
  const active = await rp.post('/token/introspection', { token: body.access_token })
  expect(active.body).toMatchObject({ active: true, sub: 'alice', cnf: { jkt: key.jkt } })
})

test('X-129 one pace for both: polling them in turn is too fast', async () => {
  const { ciba, own } = await bridged()
  expect(await ciba()).toMatchObject(error('authorization_pending'))
  expect(await own()).toMatchObject(error('slow_down'))
  expect(await ciba()).toMatchObject(error('slow_down'))
  op.clock.advance(5)
  expect(await own()).toMatchObject(error('authorization_pending'))
  expect(await ciba()).toMatchObject(error('slow_down'))
})

test('X-132 a revocation ends the question, and the device can no longer approve', async () => {
  const { rp, id, deferralCode, ciba, question } = await bridged()
  await revoke(rp, deferralCode)
  expect(await ciba()).toMatchObject(error('access_denied'))
  await phone.allow(op, question)
  expect(await deferrals().get(id)).toMatchObject({ status: 'cancelled' })
  expect(await ciba()).toMatchObject(error('access_denied'))
})

test('X-133 decided by another door: denied is access_denied for both, approved redeems by either', async () => {
  const denied = await bridged()
  await deferrals().deny(denied.id, { by: 'kim' })
  for (const answer of [await denied.ciba(), await denied.own()]) expect(answer).toMatchObject(error('access_denied'))
  await phone.allow(op, denied.question)
  expect(await deferrals().get(denied.id)).toMatchObject({ status: 'denied', decision: { by: 'kim' } })
  const approved = await bridged()
  await deferrals().approve(approved.id, { by: 'kim' })
  expect((await approved.ciba()).status).toBe(200)
})

test('X-134 undecided at its end it is expired_token, the deferral waits, and a new question may follow', async () => {
  const { rp, id, deferralCode, ciba, own, expiresIn } = await bridged()
  op.clock.advance(expiresIn)
  expect(await ciba()).toMatchObject(error('expired_token'))
  expect(await own()).toMatchObject(error('authorization_pending'))
  expect((await hint(rp, deferralCode)).status).toBe(200)
  await phone.asked(id, 2)
})

describe('X-104 N8 no question outlives its deferral', () => {
  test('X-104 X-125 N8 its lifetime is at most what the deferral has left, and an extension does not extend it', async () => {
    const { options: short, phone: device } = withPhone(
      { hint: true },
      { deferred: { defer: () => ({ expiresIn: 90 }) } },
    )
    await withProvider(short, async (at) => {
      const rp = relyingParty(at.issuer)
      const { deferralCode, id } = await held(at, rp, 'authorization_code')
      at.clock.advance(30)
      const { body } = await hint(rp, deferralCode)
      expect(body.expires_in).toBe(60)
      await at.provider.deferrals.extend(id, { expiresIn: 600 })
      at.clock.advance(60)
      expect(await pollCiba(rp, body.auth_req_id)).toMatchObject(error('expired_token'))
      await device.allow(at, await device.asked(id))
      expect(await at.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
    })
  })

  test('N8 an expired deferral is expired for both handles', async () => {
    const { ciba, own } = await bridged()
    op.clock.advance(86_400)
    for (const answer of [await ciba(), await own()]) expect(answer).toMatchObject(error('expired_token'))
  })
})
