import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redirectUri } from '../../support/clients.js'
import { clientTypes, deferred, party, waiting } from '../../support/journey.js'
import { observedStore, readVerbs } from '../../support/observed.js'
import { startProvider, type TestProvider, withProvider } from '../../support/provider.js'
import { codeChallenge, codeVerifier, dpopKey, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const { store, calls } = observedStore()

beforeAll(async () => {
  op = await startProvider({ deferred: { store } })
})

afterAll(() => op.close())

const pkce = { code_challenge: codeChallenge, code_challenge_method: 'S256' }

describe.each(clientTypes)('%s client', (clientId) => {
  test('O-038 O-039 O-040 O-046 O-047 O-048 O-049 O-052 C15 answers 200 with the id, expires_in and interval', async () => {
    const rp = await party(op, clientId)
    const { code } = await deferred(op, rp)
    const { status, headers, body } = await rp.exchange(code)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({ deferred_auth_id: expect.any(String), expires_in: 86_400, interval: 5 })
  })

  test('O-044 O-080 C20 refuses another client, and the rightful client can still use the code', async () => {
    const rp = await party(op, clientId)
    const thief = relyingParty(op.issuer, 'other', rp.key)
    const { code, id } = await deferred(op, rp)
    expect(await thief.exchange(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
    expect((await rp.exchange(code)).status).toBe(200)
  })

  test('O-118 O-080 C19 refuses a code used for the first time after its lifetime', async () => {
    const rp = await party(op, clientId)
    const [inTime, late] = [await deferred(op, rp), await deferred(op, rp)]
    op.clock.advance(59)
    expect((await rp.exchange(inTime.code)).status).toBe(200)
    op.clock.advance(1)
    const refused = await rp.exchange(late.code)
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(refused.headers.get('cache-control')).toBe('no-store')
    expect(await op.provider.deferrals.get(late.id)).toMatchObject({ status: 'pending', expired: true })
  })

  test.each([
    ['neither handle', { deferred_code: undefined }],
    ['both handles', { deferred_auth_id: 'A'.repeat(65) }],
    ['a doubled code', { deferred_code: ['A'.repeat(65), 'B'.repeat(65)] }],
    ['an empty code', { deferred_code: '' }],
    ['a doubled code_verifier', { code_verifier: [codeVerifier, codeVerifier] }],
    ['no grant_type', { grant_type: undefined }],
  ])('C21 refuses %s with invalid_request, and the code survives', async (_case, params) => {
    const rp = await party(op, clientId)
    const { code } = await deferred(op, rp)
    const refused = await rp.exchange(code, params)
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(refused.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect((await rp.exchange(code)).status).toBe(200)
  })

  test.each([
    ['a wrong verifier', `${codeVerifier}x`],
    ['no verifier', undefined],
  ])('C12 refuses %s with invalid_grant, and the code survives', async (_case, verifier) => {
    const rp = await party(op, clientId)
    const { code, id } = await deferred(op, rp, { request: pkce })
    const refused = await rp.exchange(code, { code_verifier: verifier })
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await op.provider.deferrals.get(id))?.exchangedAt).toBeUndefined()
    expect((await rp.exchange(code, { code_verifier: codeVerifier })).status).toBe(200)
  })
})

describe('one exchange', () => {
  test('C12 refuses a verifier without a challenge', async () => {
    const rp = relyingParty(op.issuer)
    const { code } = await deferred(op, rp)
    expect(await rp.exchange(code, { code_verifier: codeVerifier })).toMatchObject({ body: { error: 'invalid_grant' } })
    expect((await rp.exchange(code)).status).toBe(200)
  })

  test.each([
    ['without redirect_uri', undefined, 200],
    ['with the one of the request', redirectUri, 200],
    ['with another one', 'https://rp.example/other', 400],
    ['with an empty one', '', 200],
  ])('O-042 works %s as expected', async (_case, uri, status) => {
    const rp = relyingParty(op.issuer)
    const { code } = await deferred(op, rp)
    const answer = await rp.exchange(code, { redirect_uri: uri })
    expect(answer.status).toBe(status)
    if (status !== 200) {
      expect(answer.body.error).toBe('invalid_grant')
      expect((await rp.exchange(code)).status).toBe(200)
    }
  })

  test('is one read and one write of the store', async () => {
    const rp = relyingParty(op.issuer)
    const { code } = await deferred(op, rp)
    calls.length = 0
    await rp.exchange(code)
    expect(calls).toEqual(['find', 'swap exchanged'])
  })

  test.each([
    ['nonsense', 'nonsense'],
    ['a well-formed unknown handle', 'x'.repeat(65)],
    ['a handle with a wrong secret', undefined],
  ])('O-045 O-080 refuses %s with invalid_grant and writes nothing', async (_case, unknown) => {
    const rp = relyingParty(op.issuer)
    const { code } = await deferred(op, rp)
    calls.length = 0
    const answer = await rp.exchange(unknown ?? code.slice(0, 22) + 'x'.repeat(43))
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(calls.filter((verb) => !readVerbs.includes(verb))).toEqual([])
  })

  test('a poll handle is nothing at the door of the code, and a code nothing at the door of polls', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    const { code } = await deferred(op, rp)
    expect(await rp.exchange(handle)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await rp.poll(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await rp.cancel(code)).status).toBe(200)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
    expect((await rp.exchange(code)).status).toBe(200)
  })

  test('O-041 takes a deferred_notification_token and stores nothing of it', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await deferred(op, rp)
    expect((await rp.exchange(code, { deferred_notification_token: 'abc.DEF-1_~+/=' })).status).toBe(200)
    expect(JSON.stringify(await store.find(id))).not.toContain('abc.DEF')
  })

  test.each(['a b', 'a\r\nb', 'ä', '"quoted"', '=', 'a=b', 'x'.repeat(1025)])(
    'C24 refuses the deferred_notification_token %j, and the code survives',
    async (token) => {
      const rp = relyingParty(op.issuer)
      const { code } = await deferred(op, rp)
      const refused = await rp.exchange(code, { deferred_notification_token: token })
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
      expect((await rp.exchange(code)).status).toBe(200)
    },
  )

  test('O-083 a public client without a key is refused and can come back with one', async () => {
    const rp = relyingParty(op.issuer, 'public')
    const { code } = await deferred(op, rp)
    expect(await rp.exchange(code)).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    expect((await rp.exchange(code, {}, { dpop: await dpopKey() })).status).toBe(200)
  })
})

describe('what the id is like', () => {
  test('O-047 C16 ids and codes have allowed characters only, are long enough and never repeat', async () => {
    const rp = relyingParty(op.issuer)
    const seen = new Set<string>()
    for (let n = 0; n < 25; n++) {
      const { code } = await deferred(op, rp)
      const { deferred_auth_id: handle } = (await rp.exchange(code)).body
      for (const value of [code, handle]) {
        expect(value).toMatch(/^[\w.-]{65}$/)
        seen.add(value.slice(22))
      }
      // not one secret under two names
      expect(handle.slice(22)).not.toBe(code.slice(22))
    }
    expect(seen.size).toBe(50)
  })
})

test('O-083 with requireSenderConstraint: false a public client without a key exchanges, polls and redeems', async () => {
  await withProvider({ deferred: { requireSenderConstraint: false } }, async (lax) => {
    const rp = relyingParty(lax.issuer, 'public')
    const { handle, id } = await waiting(lax, rp)
    expect((await rp.poll(handle)).body.error).toBe('authorization_pending')
    await lax.provider.deferrals.approve(id)
    expect(await rp.poll(handle)).toMatchObject({ status: 200, body: { token_type: 'Bearer' } })
  })
})
