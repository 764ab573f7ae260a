import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grants, held, pollDeferral, revoke } from '../../support/deferral.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, dpopKey, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const { store, calls } = observedStore()

beforeAll(async () => {
  op = await startProvider({ deferred: { store, defer: () => true } })
})

afterAll(() => op.close())

const unknown = 'x'.repeat(65)
const status = async (id: string) => (await op.provider.deferrals.get(id))?.status

/** All of an answer that anybody could see. */
function seen({ status, headers, body }: Answer): string {
  const { date, ...rest } = Object.fromEntries(headers)
  return JSON.stringify({ status, headers: rest, body })
}

describe.each(grants)('%s', (grant) => {
  const rp = () => relyingParty(op.issuer)

  test.each<[string, () => Promise<object>]>([
    ['missing', async () => ({ dpop: undefined })],
    ['another one', async () => ({ dpop: await dpopKey() })],
  ])('I-087 I-088 C-I05 while the key is %s it is 200, without a change', async (_case, wrong) => {
    const bound = relyingParty(op.issuer, 'secret', await dpopKey())
    const { deferralCode, id } = await held(op, bound, grant)
    const extras = await wrong()
    const [known, missed] = [await revoke(bound, deferralCode, {}, extras), await revoke(bound, unknown, {}, extras)]
    expect(known).toMatchObject({ status: 200, body: '' })
    expect(seen(known)).toBe(seen(missed))
    expect(await status(id)).toBe('pending')
    await revoke(bound, deferralCode)
    expect(await status(id)).toBe('cancelled')
  })

  test('C-I05 a proof for the token endpoint, or used before, changes nothing', async () => {
    const key = await dpopKey()
    const bound = relyingParty(op.issuer, 'secret', key)
    const { deferralCode, id } = await held(op, bound, grant)
    const elsewhere = { dpop: { ...key, proof: () => key.proof(`${op.issuer}/token`) } }
    expect(await revoke(bound, deferralCode, {}, elsewhere)).toMatchObject({ body: { error: 'invalid_dpop_proof' } })
    const jti = { jti: `once ${grant}` }
    const once = { dpop: { ...key, proof: (url: string) => key.proof(url, jti) } }
    await pollDeferral(bound, deferralCode, {}, once)
    expect(await revoke(bound, deferralCode, {}, once)).toMatchObject({ status: 200, body: '' })
    expect(await status(id)).toBe('pending')
  })

  test.each(['token endpoint', '/token/revocation', ''])(
    'C-I05 one whose htu is %j is malformed, whichever the code',
    async (htu) => {
      const key = await dpopKey()
      const bound = relyingParty(op.issuer, 'secret', key)
      const { deferralCode } = await held(op, bound, grant)
      const extras = { dpop: { ...key, proof: (url: string) => key.proof(url, { htu }) } }
      for (const code of [deferralCode, unknown]) {
        expect(await revoke(bound, code, {}, extras)).toMatchObject({ body: { error: 'invalid_dpop_proof' } })
      }
    },
  )

  test('C-I05 a malformed proof is invalid_dpop_proof, before any code is looked at', async () => {
    const bound = relyingParty(op.issuer, 'secret', await dpopKey())
    const foreign = await held(op, relyingParty(op.issuer, 'other'), grant)
    const mine = [await held(op, bound, grant), await held(op, rp(), grant)]
    calls.length = 0
    const extras = { dpop: undefined, headers: { dpop: 'broken' } }
    const answers = []
    for (const code of [...mine, foreign].map(({ deferralCode }) => deferralCode).concat(unknown)) {
      answers.push(await revoke(bound, code, {}, extras))
    }
    expect(answers[0]).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    expect(new Set(answers.map(seen)).size).toBe(1)
    expect(calls).toEqual([])
  })

  test('I-093 a key that comes with an unbound code does no harm', async () => {
    const { deferralCode, id } = await held(op, rp(), grant)
    expect((await revoke(rp(), deferralCode, {}, { dpop: await dpopKey() })).status).toBe(200)
    expect(await status(id)).toBe('cancelled')
  })
})
