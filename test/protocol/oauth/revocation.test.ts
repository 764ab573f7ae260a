import type { Deferral } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  apartFromSweeps,
  authorizationCode,
  grantsOfClients,
  held,
  pollDeferral,
  redeem,
  revoke,
  whoeverCan,
} from '../../support/deferral.js'
import { basic, deferred, party, send, waiting } from '../../support/journey.js'
import { observedStore, readVerbs } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const { store, calls } = observedStore()

beforeAll(async () => {
  op = await startProvider({ deferred: { store, defer: whoeverCan } })
})

afterAll(() => op.close())

const hint = { token_type_hint: 'urn:ietf:params:oauth:token-type:deferral-code' }
const unknown = 'x'.repeat(65)
const deferrals = () => op.provider.deferrals
const status = async (id: string) => (await deferrals().get(id))?.status
const active = async (token: string) =>
  (await relyingParty(op.issuer).post('/token/introspection', { token })).body.active as boolean

/** All of an answer that anybody could see. */
function seen({ status, headers, body }: Answer): string {
  const { date, ...rest } = Object.fromEntries(headers)
  return JSON.stringify({ status, headers: rest, body })
}

describe.each(grantsOfClients)('%s, %s client', (grant, clientId) => {
  test('I-109 I-110 I-111 I-117 its code is cancelled, once, and polls are access_denied', async () => {
    const rp = await party(op, clientId)
    const { deferralCode, id } = await held(op, rp, grant)
    const told: Deferral[] = []
    const note = (deferral: Deferral) => told.push(deferral)
    op.provider.on('deferral.cancelled', note)
    const first = await revoke(rp, deferralCode)
    const again = await revoke(rp, deferralCode, hint)
    op.provider.off('deferral.cancelled', note)
    expect(first).toMatchObject({ status: 200, body: '' })
    expect(seen(again)).toBe(seen(first))
    expect(told).toMatchObject([{ id, status: 'cancelled' }])
    for (let n = 0; n < 3; n++) expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
  })

  test('I-112 that of another client is 200 as if it were unknown, without a change', async () => {
    const { deferralCode, id } = await held(op, await party(op, clientId), grant)
    const other = relyingParty(op.issuer, 'other')
    const before = await store.find(id, op.clock.now())
    expect(seen(await revoke(other, deferralCode, hint))).toBe(seen(await revoke(other, unknown, hint)))
    expect(await store.find(id, op.clock.now())).toEqual(before)
  })
})

describe('authorization_code', () => {
  const grant = 'authorization_code'

  const rp = () => relyingParty(op.issuer)

  test.each<[string, string | undefined]>([
    ['right', hint.token_type_hint],
    ['absent', undefined],
    ['of another type', 'access_token'],
    ['of another type', 'refresh_token'],
    ['of a type unknown', 'urn:example:something'],
  ])('I-109 C-I05 the token_type_hint may be %s (%s)', async (_case, token_type_hint) => {
    const { deferralCode, id } = await held(op, rp(), grant)
    expect(await revoke(rp(), deferralCode, { token_type_hint })).toMatchObject({ status: 200, body: '' })
    expect(await status(id)).toBe('cancelled')
  })

  test('I-114 what was approved and not yet delivered is never issued', async () => {
    const { deferralCode, id } = await held(op, rp(), grant)
    await deferrals().approve(id)
    expect((await revoke(rp(), deferralCode)).status).toBe(200)
    expect((await pollDeferral(rp(), deferralCode)).body.error).toBe('access_denied')
    expect(await deferrals().approve(id)).toMatchObject({ changed: false, deferral: { status: 'cancelled' } })
    expect((await pollDeferral(rp(), deferralCode)).body.error).toBe('access_denied')
  })

  test('I-113 a delivered access token survives, and so does its refresh token', async () => {
    const request = { scope: 'openid offline_access', prompt: 'consent' }
    const { deferralCode, id } = await held(op, rp(), grant, { request })
    await deferrals().approve(id)
    const { body } = await pollDeferral(rp(), deferralCode)
    expect((await revoke(rp(), deferralCode, hint)).status).toBe(200)
    expect(await status(id)).toBe('redeemed')
    expect(await active(body.access_token)).toBe(true)
    if (grant === 'authorization_code') expect(await active(body.refresh_token)).toBe(true)
    expect((await pollDeferral(rp(), deferralCode)).body.error).toBe('invalid_grant')
  })

  test.each<[string, (id: string, code: string) => Promise<unknown>]>([
    ['cancelled', (id) => deferrals().cancel(id)],
    ['denied', (id) => deferrals().deny(id)],
    ['over', async () => op.clock.advance(86_400)],
    [
      'redeemed',
      async (id, code) =>
        deferrals()
          .approve(id)
          .then(() => pollDeferral(rp(), code)),
    ],
  ])('I-112 one that is %s is 200 like an unknown one, and stays what it is', async (_state, settle) => {
    const { deferralCode, id } = await held(op, rp(), grant)
    await settle(id, deferralCode)
    const before = await deferrals().get(id)
    expect(seen(await revoke(rp(), deferralCode))).toBe(seen(await revoke(rp(), unknown)))
    expect(apartFromSweeps(await deferrals().get(id))).toEqual(apartFromSweeps(before))
  })

  test.each<[string, Record<string, string>]>([
    ['no credentials', {}],
    ['a wrong secret', basic('secret', 'guessed')],
  ])('I-110 C-I30 with %s it is invalid_client, not cached, and nothing changes', async (_case, headers) => {
    const { deferralCode, id } = await held(op, rp(), grant)
    const body = { token: deferralCode, ...(!('authorization' in headers) && { client_id: 'secret' }) }
    const answer = await send(`${op.issuer}/token/revocation`, body, headers)
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await status(id)).toBe('pending')
  })
})

describe('what else is revoked', () => {
  test.each([{}, hint, { token_type_hint: 'access_token' }, { token_type_hint: 'refresh_token' }])(
    "the host's own tokens are, as ever (%j)",
    async (params) => {
      const rp = relyingParty(op.issuer)
      const code = await authorizationCode(rp, { scope: 'openid offline_access', prompt: 'consent' })
      const { body } = await redeem(rp, code)
      expect(await active(body.access_token)).toBe(true)
      // the host looks at no proof here
      const extras = { headers: { dpop: 'broken' } }
      expect(await revoke(rp, body.access_token, params, extras)).toMatchObject({ status: 200, body: '' })
      expect(await active(body.access_token)).toBe(false)
      const machine = await rp.token({ grant_type: 'client_credentials' })
      await revoke(rp, machine.body.access_token, params)
      expect(await active(machine.body.access_token)).toBe(false)
    },
  )

  test('C-X05 a deferred_auth_id of the OpenID draft is, with or without the hint', async () => {
    const rp = relyingParty(op.issuer)
    for (const params of [{}, hint]) {
      const { handle, id } = await waiting(op, rp)
      expect(await revoke(rp, handle, params)).toMatchObject({ status: 200, body: '' })
      expect(await status(id)).toBe('cancelled')
    }
  })

  test('C-X05 a deferred_code, which has been through a browser, is not', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await deferred(op, rp)
    expect(await revoke(rp, code)).toMatchObject({ status: 200, body: '' })
    expect(await status(id)).toBe('pending')
  })

  test('I-111 one deferral, in one write: others of the client are left alone', async () => {
    const rp = relyingParty(op.issuer)
    const [one, other] = [await held(op, rp, 'client_credentials'), await held(op, rp, 'client_credentials')]
    calls.length = 0
    await revoke(rp, one.deferralCode)
    expect(calls.filter((verb) => !readVerbs.includes(verb))).toEqual(['swap cancelled'])
    expect(await status(other.id)).toBe('pending')
  })
})

test('C-I30 every answer of the endpoint is not to be cached, whatever is wrong with the request', async () => {
  const rp = relyingParty(op.issuer)
  const { deferralCode } = await held(op, rp, 'client_credentials')
  const answers = [
    await revoke(rp, deferralCode),
    await revoke(rp, unknown),
    await revoke(rp, 'short'),
    await revoke(rp, ''),
    await rp.post('/token/revocation', { token: [deferralCode, unknown] }),
    await revoke(rp, deferralCode, {}, { json: true }),
    await revoke(rp, deferralCode, {}, { headers: { accept: 'text/html' } }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 400, 400, 400, 200])
  expect(new Set(answers.map(({ headers }) => headers.get('cache-control')))).toEqual(new Set(['no-store']))
})
