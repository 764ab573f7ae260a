import { describe, expect, test } from 'vitest'
import { boundClient, clients } from '../../support/clients.js'
import { grantsOfClients, held, pollDeferral, redeem, request, whoeverCan } from '../../support/deferral.js'
import { observedStore } from '../../support/observed.js'
import { type DpopKey, dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { useProvider } from '../../support/use_provider.js'

const [key, another] = [await dpopKey(), await dpopKey()]
const { store, calls } = observedStore()
const configuration = { clients: [...clients, boundClient] }
const op = useProvider({ deferred: { store, defer: whoeverCan }, configuration })

const refused = { status: 400, body: { error: 'invalid_dpop_proof' } }
const none = { dpop: undefined }
const deferrals = () => op.provider.deferrals
const active = async (token: string) =>
  (await relyingParty(op.issuer).post('/token/introspection', { token })).body as Record<string, unknown>
const saying = (claims: Record<string, unknown>): DpopKey => ({ ...key, proof: (url) => key.proof(url, claims) })

describe.each(grantsOfClients)('%s, %s client', (grant, clientId) => {
  const party = () => relyingParty(op.issuer, clientId, key)

  test('I-009 I-084 I-085 I-086 I-089 I-092 one key throughout: the tokens are bound to it', async () => {
    const rp = party()
    const { deferralCode, id } = await held(op, rp, grant)
    expect((await store.find(id))?.binding).toEqual({ jkt: key.jkt })
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('authorization_pending')
    await deferrals().approve(id)
    const { status, body } = await pollDeferral(rp, deferralCode)
    expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'DPoP' })
    expect(await active(body.access_token)).toMatchObject({ active: true, cnf: { jkt: key.jkt }, token_type: 'DPoP' })
  })

  test.each(['pending', 'approved', 'denied', 'redeemed'])(
    'I-087 I-088 while it is %s a poll without the key, or with another, is invalid_dpop_proof without a change',
    async (state) => {
      const rp = party()
      const { deferralCode, id } = await held(op, rp, grant)
      if (state === 'denied') await deferrals().deny(id)
      if (state === 'approved' || state === 'redeemed') await deferrals().approve(id)
      if (state === 'redeemed') await pollDeferral(rp, deferralCode)
      const before = await store.find(id, op.clock.now())
      const answers = []
      for (const dpop of [undefined, another]) answers.push(await pollDeferral(rp, deferralCode, {}, { dpop }))
      for (const answer of answers) expect(answer).toMatchObject(refused)
      expect(await store.find(id, op.clock.now())).toEqual(before)
      const errors: Record<string, string> = {
        pending: 'authorization_pending',
        denied: 'access_denied',
        redeemed: 'invalid_grant',
      }
      expect((await pollDeferral(rp, deferralCode)).body.error).toBe(errors[state])
    },
  )

  test('I-088 C-X06 a proof that is replayed, old, malformed or for elsewhere is refused, and redeems nothing', async () => {
    const rp = party()
    const { deferralCode, id } = await held(op, rp, grant)
    const once = { dpop: saying({ jti: `once ${grant} ${clientId}` }) }
    expect((await pollDeferral(rp, deferralCode, {}, once)).body.error).toBe('authorization_pending')
    await deferrals().approve(id)
    const wrong = [
      once,
      { dpop: saying({ iat: Math.floor(Date.now() / 1000) - 3600 }) },
      { dpop: saying({ htu: `${op.issuer}/token/revocation` }) },
      { dpop: saying({ htu: 'token endpoint' }) },
      { dpop: saying({ htm: 'GET' }) },
      { dpop: undefined, headers: { dpop: 'malformed' } },
    ]
    for (const extras of wrong) expect(await pollDeferral(rp, deferralCode, {}, extras)).toMatchObject(refused)
    expect(await deferrals().get(id)).toMatchObject({ status: 'approved' })
    expect((await pollDeferral(rp, deferralCode)).body.token_type).toBe('DPoP')
  })

  test('16 polls at once with one proof: one is let in', async () => {
    const rp = party()
    const { deferralCode } = await held(op, rp, grant)
    const once = { dpop: saying({ jti: `crowd ${grant} ${clientId}` }) }
    const answers = await Promise.all(Array.from({ length: 16 }, () => pollDeferral(rp, deferralCode, {}, once)))
    const errors = answers.map(({ body }) => body.error).sort()
    expect(errors).toEqual(['authorization_pending', ...Array.from({ length: 15 }, () => 'invalid_dpop_proof')])
  })
})

describe.each([
  ['authorization_code', 'assertion'],
  ['client_credentials', 'secret'],
] as const)('%s of the %s client without a proof', (grant, clientId) => {
  const unbound = () => relyingParty(op.issuer, clientId)

  test('I-091 I-093 is deferred, and tokens are bound to no key', async () => {
    const { deferralCode, id } = await held(op, unbound(), grant)
    expect((await store.find(id))?.binding ?? {}).toEqual({})
    await deferrals().approve(id)
    expect((await pollDeferral(unbound(), deferralCode)).body.token_type).toBe('Bearer')
  })

  test('I-093 binds no later key but by the redemption, as the grant does', async () => {
    const { deferralCode, id } = await held(op, unbound(), grant)
    expect((await pollDeferral(unbound(), deferralCode, {}, { dpop: key })).body.error).toBe('authorization_pending')
    await deferrals().approve(id)
    const { body } = await pollDeferral(unbound(), deferralCode, {}, { dpop: another })
    expect(body.token_type).toBe('DPoP')
    expect(await active(body.access_token)).toMatchObject({ cnf: { jkt: another.jkt } })
  })
})

describe('authorization_code', () => {
  const grant = 'authorization_code'

  test('I-093 a client that must bind its tokens gets invalid_dpop_proof without a proof', async () => {
    const rp = relyingParty(op.issuer, 'bound', key)
    const params = { client_secret: 'bound' }
    const { deferralCode, id } = await held(op, rp, grant, { params })
    await deferrals().approve(id)
    expect(await pollDeferral(rp, deferralCode, params, none)).toMatchObject(refused)
    expect((await pollDeferral(rp, deferralCode, params)).body.token_type).toBe('DPoP')
  })

  test('I-078 a malformed proof is refused before any code is looked at, known or not', async () => {
    const rp = relyingParty(op.issuer)
    const mine = await held(op, rp, grant)
    calls.length = 0
    const extras = { headers: { dpop: 'malformed' } }
    const bodies = []
    for (const code of [mine.deferralCode, 'x'.repeat(65)]) bodies.push((await pollDeferral(rp, code, {}, extras)).body)
    expect(bodies).toMatchObject([refused.body, refused.body])
    expect(bodies[0]).toEqual(bodies[1])
    expect(calls).toEqual([])
  })

  test('I-078 whose code it is shows before which key: another client is told invalid_grant, with any proof', async () => {
    const { deferralCode } = await held(op, relyingParty(op.issuer, 'secret', key), grant)
    const other = relyingParty(op.issuer, 'other')
    for (const dpop of [undefined, key, another]) {
      const [known, unknown] = [
        await pollDeferral(other, deferralCode, {}, { dpop }),
        await pollDeferral(other, 'x'.repeat(65), {}, { dpop }),
      ]
      expect(known).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      expect(known.body).toEqual(unknown.body)
    }
  })

  test('I-085 polls without the key use up none of the rightful ones', async () => {
    const rp = relyingParty(op.issuer, 'secret', key)
    const { deferralCode } = await held(op, rp, grant)
    for (let n = 0; n < 3; n++) await pollDeferral(rp, deferralCode, {}, { dpop: another })
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('authorization_pending')
  })
})

describe('I-090 a public client without a key', () => {
  test('is never given a deferral_code, but its answer at once', async () => {
    const rp = relyingParty(op.issuer, 'public')
    const { answer } = await request(rp, 'authorization_code')
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer' } })
    expect(answer.body).not.toHaveProperty('deferral_code')
  })
})

test('I-094 the code the request came with is spent as ever, and the key does not bring it back', async () => {
  const rp: RelyingParty = relyingParty(op.issuer, 'secret', key)
  const { code, deferralCode } = await held(op, rp, 'authorization_code')
  expect(await redeem(rp, code as string)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
})
