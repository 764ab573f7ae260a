import { memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { held, pollDeferral, revoke } from '../../support/deferral.js'
import { observedAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider, withProvider } from '../../support/provider.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
// nodes do not hear of each other's decisions: what memory alone may do
const { watch, ...deaf } = memoryStore()
const { store, calls } = observedStore(deaf)
const { adapter, calls: hostCalls } = observedAdapter()

beforeAll(async () => {
  op = await startProvider({ configuration: { adapter }, deferred: { store, defer: () => true } })
})

afterAll(() => op.close())

const [pending, slow, interaction] = ['authorization_pending', 'slow_down', 'interaction_required']
const uri = 'https://op.example/confirm'
const party = () => relyingParty(op.issuer)

/** Polls after each pause and lists what was said. */
async function said(rp: RelyingParty, deferralCode: string, pauses: number[]): Promise<string[]> {
  const errors = []
  for (const pause of pauses) {
    op.clock.advance(pause)
    errors.push((await pollDeferral(rp, deferralCode)).body.error)
  }
  return errors
}

describe('authorization_code', () => {
  const grant = 'authorization_code'

  test('I-073 I-121 a poll before the interval is slow_down, one after it is pending', async () => {
    const { deferralCode } = await held(op, party(), grant)
    expect(await said(party(), deferralCode, [0, 1, 4, 5, 3])).toEqual([pending, slow, pending, pending, slow])
  })

  test('C-I22 a client that slows down by 5 s gets another answer, and refusals do not add up', async () => {
    const { deferralCode } = await held(op, party(), grant)
    expect(await said(party(), deferralCode, [0, 0.1, 0.1, 0.1, 10])).toEqual([pending, slow, slow, slow, pending])
    expect(await said(party(), deferralCode, [1, 1, 1, 1])).toEqual([slow, slow, slow, pending])
  })

  test('C-I22 a second of jitter is tolerated', async () => {
    const { deferralCode } = await held(op, party(), grant)
    expect(await said(party(), deferralCode, [0, 4, 4])).toEqual([pending, pending, pending])
  })

  test('I-073 Retry-After says the interval, and interval + 5 on slow_down, also at the first answer', async () => {
    const { deferralCode, answer } = await held(op, party(), grant)
    const answers = [answer, await pollDeferral(party(), deferralCode), await pollDeferral(party(), deferralCode)]
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual(['5', '5', '10'])
  })

  test('I-073 an early poll for an interaction is slow_down too, one on time is interaction_required', async () => {
    const { deferralCode, id } = await held(op, party(), grant)
    await op.provider.deferrals.requireInteraction(id, { uri })
    expect(await said(party(), deferralCode, [0, 1, 4])).toEqual([interaction, slow, interaction])
    await op.provider.deferrals.resume(id)
    expect(await said(party(), deferralCode, [0, 5])).toEqual([slow, pending])
  })

  test.each<[string, (id: string, code: string) => Promise<unknown>, string | undefined]>([
    ['approved', (id) => op.provider.deferrals.approve(id), undefined],
    ['denied', (id) => op.provider.deferrals.deny(id), 'access_denied'],
    ['cancelled', (id) => op.provider.deferrals.cancel(id), 'access_denied'],
    ['revoked', (_id, code) => revoke(party(), code), 'access_denied'],
    ['over', async () => op.clock.advance(86_400), 'expired_token'],
  ])('I-121 slow_down never takes the place of what became of it: %s', async (_status, decide, expected) => {
    const { deferralCode, id } = await held(op, party(), grant)
    expect(await said(party(), deferralCode, [0, 0])).toEqual([pending, slow])
    await decide(id, deferralCode)
    expect((await pollDeferral(party(), deferralCode)).body.error).toBe(expected)
  })

  test('I-121 polls answer the decision of another node 1 s later at the latest', async () => {
    await withProvider({ clock: op.clock, issuer: op.issuer, deferred: { store } }, async (other) => {
      const { deferralCode, id } = await held(op, party(), grant)
      expect(await said(party(), deferralCode, [0])).toEqual([pending])
      await other.provider.deferrals.deny(id)
      expect(await said(party(), deferralCode, [1, 0.001])).toEqual([slow, 'access_denied'])
    })
  })

  test('I-079 I-122 it is slow_down however long it goes on, and for one deferral at a time', async () => {
    const [one, other] = [await held(op, party(), grant), await held(op, party(), grant)]
    await pollDeferral(party(), one.deferralCode)
    const hurry = Array.from({ length: 40 }, () => 0.05)
    expect(new Set(await said(party(), one.deferralCode, hurry))).toEqual(new Set([slow]))
    expect(await said(party(), other.deferralCode, [0])).toEqual([pending])
  })

  test('I-122 a poll on time is one read and no write, refused ones are a read a second at most', async () => {
    const { deferralCode } = await held(op, party(), grant)
    calls.length = hostCalls.length = 0
    await pollDeferral(party(), deferralCode)
    expect([calls, hostCalls]).toEqual([['find'], []])
    const hurry = Array.from({ length: 30 }, () => 0.1)
    expect(new Set(await said(party(), deferralCode, hurry))).toEqual(new Set([slow]))
    expect(calls.length).toBeLessThanOrEqual(5)
    expect(new Set(calls)).toEqual(new Set(['find']))
  })

  test('I-078 strangers never hear slow_down, nor do they use up the polls of its client', async () => {
    const { deferralCode } = await held(op, party(), grant)
    const stranger = relyingParty(op.issuer, 'other')
    expect(await said(stranger, deferralCode, [0, 0])).toEqual(['invalid_grant', 'invalid_grant'])
    expect(await said(party(), deferralCode, [0, 0])).toEqual([pending, slow])
    expect(await said(stranger, deferralCode, [0])).toEqual(['invalid_grant'])
    expect(await said(party(), deferralCode.slice(0, 22) + 'x'.repeat(43), [0])).toEqual(['invalid_grant'])
  })
})

test('I-073 the interval that defer chose is the one that is kept to', async () => {
  await withProvider({ deferred: { defer: () => ({ interval: 60 }) } }, async (slowly) => {
    const rp = relyingParty(slowly.issuer)
    const { deferralCode, answer } = await held(slowly, rp, 'client_credentials')
    expect(answer.body.interval).toBe(60)
    const errors = []
    for (const pause of [0, 50, 7]) {
      slowly.clock.advance(pause)
      errors.push((await pollDeferral(rp, deferralCode)).body.error)
    }
    expect(errors).toEqual([pending, slow, pending])
  })
})
