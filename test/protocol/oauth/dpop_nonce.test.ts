import { beforeAll, describe, expect, test } from 'vitest'
import { authorizationCode, grants, held, pollDeferral, redeem, revoke } from '../../support/deferral.js'
import { challenged, nonceRequired, withNonce } from '../../support/dpop_nonce.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { observedStore } from '../../support/observed.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { useProvider } from '../../support/use_provider.js'

const { store, calls } = observedStore()
const configuration = { adapter: memoryAdapter(), features: { dPoP: nonceRequired } }
const op = useProvider({ configuration, deferred: { store, defer: () => true } })
const key = await dpopKey()
let rp: RelyingParty

beforeAll(() => {
  rp = relyingParty(op.issuer, 'secret', key)
})

const status = async (id: string) => (await op.provider.deferrals.get(id))?.status

describe.each(grants)('C-X06 use_dpop_nonce, %s', (grant) => {
  /** A deferral, and the nonce that was asked for on the way. */
  async function started() {
    const extras = withNonce(key, challenged(await pollDeferral(rp, 'x'.repeat(65))))
    return { ...(await held(op, rp, grant, { extras })), extras }
  }

  test('I-094 at the first request costs neither the code nor a deferral', async () => {
    calls.length = 0
    const code = grant === 'authorization_code' ? await authorizationCode(rp) : undefined
    const opted = { completion_mode: 'deferred' }
    const send = (extras = {}) =>
      code ? redeem(rp, code, opted, extras) : rp.token({ grant_type: grant, ...opted }, extras)
    const nonce = challenged(await send())
    expect(calls).toEqual([])
    expect((await send(withNonce(key, nonce))).body).toMatchObject({ deferral_code: expect.any(String) })
  })

  test('I-085 at a poll is neutral: the retry is the first poll, and on time', async () => {
    const { deferralCode } = await started()
    calls.length = 0
    const nonce = challenged(await pollDeferral(rp, deferralCode))
    expect(calls).toEqual([])
    expect((await pollDeferral(rp, deferralCode, {}, withNonce(key, nonce))).body.error).toBe('authorization_pending')
  })

  test('I-073 never counts as a poll, however often, nor does it put off the next one', async () => {
    const { deferralCode, extras } = await started()
    expect((await pollDeferral(rp, deferralCode, {}, extras)).body.error).toBe('authorization_pending')
    for (let second = 1; second < 5; second++) {
      op.clock.advance(1)
      challenged(await pollDeferral(rp, deferralCode))
    }
    op.clock.advance(1)
    expect((await pollDeferral(rp, deferralCode, {}, extras)).body.error).toBe('authorization_pending')
    expect((await pollDeferral(rp, deferralCode, {}, extras)).body.error).toBe('slow_down')
  })

  test('I-089 when approved redeems nothing, the retry does', async () => {
    const { deferralCode, id, extras } = await started()
    await op.provider.deferrals.approve(id)
    challenged(await pollDeferral(rp, deferralCode))
    expect(await status(id)).toBe('approved')
    expect(await pollDeferral(rp, deferralCode, {}, extras)).toMatchObject({
      status: 200,
      body: { token_type: 'DPoP' },
    })
  })

  test('I-087 at the revocation endpoint cancels nothing, the retry does', async () => {
    const { deferralCode, id } = await started()
    const nonce = challenged(await revoke(rp, deferralCode))
    expect(await status(id)).toBe('pending')
    expect(await revoke(rp, deferralCode, {}, withNonce(key, nonce))).toMatchObject({ status: 200, body: '' })
    expect(await status(id)).toBe('cancelled')
  })

  test('I-078 tells nothing of the code: an unknown one, and a foreign one, are challenged alike', async () => {
    const { deferralCode, extras } = await started()
    const other = relyingParty(op.issuer, 'other', key)
    for (const present of [pollDeferral, revoke]) {
      for (const code of ['x'.repeat(65), deferralCode]) challenged(await present(other, code))
    }
    expect((await pollDeferral(other, deferralCode, {}, extras)).body.error).toBe('invalid_grant')
  })

  test('a client that shows no key is not asked for a nonce', async () => {
    const unbound = relyingParty(op.issuer)
    const { deferralCode } = await held(op, unbound, grant)
    expect((await pollDeferral(unbound, deferralCode)).body.error).toBe('authorization_pending')
  })
})
