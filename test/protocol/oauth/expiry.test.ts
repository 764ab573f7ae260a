import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grants, held, pollDeferral, revoke } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

const lifetime = 600
const retention = 86_400

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({
    deferred: {
      ttl: { deferral: lifetime, retention },
      defer: (_ctx, { scope }) => (scope.has('payments') ? brief : true),
    },
  })
})

afterAll(() => op.close())

const brief = { expiresIn: 60 }
const deferrals = () => op.provider.deferrals
const party = () => relyingParty(op.issuer)
const error = async (deferralCode: string) => (await pollDeferral(party(), deferralCode)).body.error

describe.each(grants)('%s', (grant) => {
  test('I-059 I-074 I-119 a pending one ends when it said, not a second earlier, and for good', async () => {
    const { deferralCode, answer } = await held(op, party(), grant)
    expect(answer.body.expires_in).toBe(lifetime)
    op.clock.advance(lifetime - 1)
    expect(await error(deferralCode)).toBe('authorization_pending')
    op.clock.advance(1)
    for (const pause of [0, 0, 3600, 80_000]) {
      op.clock.advance(pause)
      expect(await error(deferralCode)).toBe('expired_token')
    }
  })

  test('I-119 that is what defer decided, where it did', async () => {
    const turn = grant === 'client_credentials' ? { params: { scope: 'payments' } } : {}
    const request = { scope: 'openid payments' }
    const { deferralCode, answer } = await held(op, party(), grant, { request, ...turn })
    expect(answer.body.expires_in).toBe(60)
    op.clock.advance(60)
    expect(await error(deferralCode)).toBe('expired_token')
  })

  test.each<[string, (id: string, code: string) => Promise<unknown>]>([
    ['approved', (id) => deferrals().approve(id)],
    ['denied', (id) => deferrals().deny(id)],
    ['cancelled', (id) => deferrals().cancel(id)],
    ['revoked', (_id, code) => revoke(party(), code)],
    ['waiting for an interaction', (id) => deferrals().requireInteraction(id, { uri: 'https://op.example/confirm' })],
  ])('I-119 C-I02 C-I04 so does one that is %s, which is remembered until then', async (state, decide) => {
    const { deferralCode, id } = await held(op, party(), grant)
    await decide(id, deferralCode)
    op.clock.advance(lifetime - 1)
    const remembered: Record<string, string> = { 'waiting for an interaction': 'interaction_required' }
    if (state !== 'approved') expect(await error(deferralCode)).toBe(remembered[state] ?? 'access_denied')
    op.clock.advance(1)
    const { body } = await pollDeferral(party(), deferralCode)
    expect(body.error).toBe('expired_token')
    expect(body).not.toHaveProperty('interaction_uri')
    expect(await deferrals().approve(id)).toMatchObject({ changed: false })
    expect(await error(deferralCode)).toBe('expired_token')
  })

  test('I-115 what was revoked is access_denied until its end, not invalid_grant', async () => {
    const { deferralCode } = await held(op, party(), grant)
    await revoke(party(), deferralCode)
    for (let n = 0; n < 5; n++) {
      expect(await error(deferralCode)).toBe('access_denied')
      op.clock.advance(lifetime / 5 - 1)
    }
  })

  test('C-I02 in the last second an approval is still collected', async () => {
    const { deferralCode, id } = await held(op, party(), grant)
    await deferrals().approve(id)
    op.clock.advance(lifetime - 0.001)
    expect((await pollDeferral(party(), deferralCode)).status).toBe(200)
  })

  test('I-136 C-I04 when it is no longer kept nothing is left of it: the code is unknown', async () => {
    const [one, redeemed] = [await held(op, party(), grant), await held(op, party(), grant)]
    await deferrals().approve(redeemed.id)
    expect((await pollDeferral(party(), redeemed.deferralCode)).status).toBe(200)
    op.clock.advance(lifetime + retention)
    await held(op, party(), grant)
    for (const { id, deferralCode } of [one, redeemed]) {
      expect(await deferrals().get(id)).toBeUndefined()
      expect(await error(deferralCode)).toBe('invalid_grant')
    }
    const unknown = await pollDeferral(party(), 'x'.repeat(65))
    expect((await pollDeferral(party(), redeemed.deferralCode)).body).toEqual(unknown.body)
  })
})
