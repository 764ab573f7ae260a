import { describe, expect, test } from 'vitest'
import { pollDeferral, revoke } from '../../../support/deferral.js'
import { firstPoll, unclaimed, withDirect } from '../../../support/direct.js'
import { withProvider } from '../../../support/provider.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../../support/relying_party.js'
import { useProvider } from '../../../support/use_provider.js'

const op = useProvider(withDirect())
const status = async (id: string) => (await op.provider.deferrals.get(id))?.status
const error = (name: string) => ({ status: 400, body: { error: name } })

describe('X-033 unclaimed', () => {
  test('X-033 it expires after ten minutes, with expired_token; a claimed one lives its whole lifetime from its creation on', async () => {
    const rp = relyingParty(op.issuer)
    const [late, inTime] = [await unclaimed(rp), await unclaimed(rp)]
    op.clock.advance(599)
    await firstPoll(rp, inTime.deferralCode)
    op.clock.advance(1)
    expect(await firstPoll(rp, late.deferralCode)).toMatchObject(error('expired_token'))
    const { createdAt, expiresAt } = (await op.provider.deferrals.get(inTime.id)) ?? {}
    expect(Number(expiresAt) - Number(createdAt)).toBe(86_400_000)
  })

  test('X-033 a lifetime below ten minutes is the limit', async () => {
    await withProvider(
      withDirect(true, { deferred: { defer: () => ({ expiresIn: 60 }) } }),
      async ({ issuer, provider }) => {
        const { id } = await unclaimed(relyingParty(issuer))
        const { createdAt, expiresAt } = (await provider.deferrals.get(id)) ?? {}
        expect(Number(expiresAt) - Number(createdAt)).toBe(60_000)
      },
    )
  })

  test.each([
    ['approve', 200],
    ['deny', 400],
  ] as const)('X-033 an operator may %s it by id, and its events follow the first poll', async (verb, expected) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    const heard: string[] = []
    for (const name of ['created', 'approved', 'denied'] as const) {
      op.provider.on(`deferral.${name}`, (deferral) => void (deferral.id === id && heard.push(name)))
    }
    expect(await op.provider.deferrals[verb](id, {})).toMatchObject({ changed: true })
    expect(heard).toEqual([])
    expect((await firstPoll(rp, deferralCode)).status).toBe(expected)
    expect(heard).toEqual(['created', verb === 'approve' ? 'approved' : 'denied'])
  })

  test('X-033 of simultaneous first polls one claims, and none is refused', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    const answers = await Promise.all(Array.from({ length: 8 }, () => firstPoll(rp, deferralCode)))
    const names = new Set(answers.map(({ body }) => body.error))
    expect([...names].every((name) => name === 'authorization_pending' || name === 'slow_down')).toBe(true)
    const { history } = (await op.provider.deferrals.get(id)) ?? {}
    expect(history?.filter(({ event }) => event === 'claimed')).toHaveLength(1)
  })
})

describe('X-039 revocation', () => {
  test('X-039 its client ends it before the first poll, without a verifier', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    expect(await revoke(relyingParty(op.issuer, 'other'), deferralCode)).toMatchObject({ status: 200 })
    expect(await status(id)).toBe('pending')
    expect(await revoke(rp, deferralCode)).toMatchObject({ status: 200 })
    expect(await status(id)).toBe('cancelled')
  })

  test('X-039 a bound one only with the key; else 200 without a change', async () => {
    const key = await dpopKey()
    const rp = relyingParty(op.issuer, 'secret', key)
    const { deferralCode, id } = await unclaimed(rp, { dpop_jkt: key.jkt })
    expect(await revoke(rp, deferralCode, {}, { dpop: undefined })).toMatchObject({ status: 200, body: '' })
    expect(await status(id)).toBe('pending')
    await revoke(rp, deferralCode)
    expect(await status(id)).toBe('cancelled')
  })
})

test('X-035 X-038 each later poll needs authentication or the key; others learn nothing', async () => {
  await withProvider(withDirect({ publicClients: true }), async ({ issuer }) => {
    const rp = relyingParty(issuer, 'public', await dpopKey())
    const { deferralCode } = await unclaimed(rp, { dpop_jkt: rp.key?.jkt })
    expect(await firstPoll(rp, deferralCode)).toMatchObject(error('authorization_pending'))
    expect(await pollDeferral(rp, deferralCode, {}, { dpop: undefined })).toMatchObject(error('invalid_dpop_proof'))
    const other = relyingParty(issuer, 'other')
    const [foreign, unknown] = [await pollDeferral(other, deferralCode), await pollDeferral(other, 'x'.repeat(65))]
    expect(foreign.body).toEqual(unknown.body)
    expect(foreign).toMatchObject(error('invalid_grant'))
  })
})

test('X-033 unclaimed ones count against the caps of the client and the account', async () => {
  for (const maxPending of [{ perClient: 2 }, { perAccount: 2 }]) {
    await withProvider(withDirect(true, { deferred: { maxPending } }), async ({ issuer }) => {
      const rp = relyingParty(issuer)
      await unclaimed(rp)
      await claimedBy(rp)
      await expect(unclaimed(rp)).rejects.toThrow('access_denied')
    })
  }
})

async function claimedBy(rp: RelyingParty): Promise<void> {
  const { deferralCode } = await unclaimed(rp)
  await firstPoll(rp, deferralCode)
}
