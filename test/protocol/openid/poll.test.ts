import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approved, clientTypes, party, send, waiting } from '../../support/journey.js'
import { observedStore, readVerbs } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty, requestOnly } from '../../support/relying_party.js'

let op: TestProvider
const { store, calls } = observedStore()

beforeAll(async () => {
  op = await startProvider({ deferred: { store, ttl: { deferral: 3600 } } })
})

afterAll(() => op.close())

const refusal = (error: string) => ({ status: 400, body: { error } })

describe.each(clientTypes)('%s client', (clientId) => {
  test('O-053 O-054 O-055 O-061 O-065 O-071 O-079 C35 the first poll right after the exchange is authorization_pending', async () => {
    const rp = await party(op, clientId)
    const { handle } = await waiting(op, rp)
    const first = await rp.poll(handle)
    expect(first).toMatchObject(refusal('authorization_pending'))
    expect(first.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect([first.headers.get('cache-control'), first.headers.get('retry-after')]).toEqual(['no-store', '5'])
  })

  test('C36 so is the second one, an interval later', async () => {
    const rp = await party(op, clientId)
    const { handle } = await waiting(op, rp)
    await rp.poll(handle)
    op.clock.advance(5)
    expect(await rp.poll(handle)).toMatchObject(refusal('authorization_pending'))
  })

  test('O-057 O-076 C40 another client is answered invalid_grant, the record is untouched', async () => {
    const rp = await party(op, clientId)
    const thief = relyingParty(op.issuer, 'other', rp.key)
    for (const held of [await waiting(op, rp), await approved(op, rp)]) {
      const before = await store.find(held.id, op.clock.now())
      expect(await thief.poll(held.handle)).toMatchObject(refusal('invalid_grant'))
      expect(await store.find(held.id, op.clock.now())).toEqual(before)
    }
  })

  test('O-074 C42 denied: access_denied ten times in a row, without a pause', async () => {
    const rp = await party(op, clientId)
    const { handle, id } = await waiting(op, rp)
    await op.provider.deferrals.deny(id)
    for (let n = 0; n < 10; n++) expect(await rp.poll(handle)).toMatchObject(refusal('access_denied'))
  })

  test('O-074 O-104 C43 cancelled: access_denied ten times in a row', async () => {
    const rp = await party(op, clientId)
    const { handle } = await waiting(op, rp)
    await rp.cancel(handle)
    for (let n = 0; n < 10; n++) expect(await rp.poll(handle)).toMatchObject(refusal('access_denied'))
  })
})

describe('E-19 unknown, malformed and foreign handles', () => {
  test.each(clientTypes)('O-076 C40 are answered byte for byte alike (%s client)', async (clientId) => {
    const rp = await party(op, clientId)
    const foreign = await waiting(op, relyingParty(op.issuer, 'other'))
    const answers = [
      await rp.poll(foreign.handle),
      await rp.poll('x'.repeat(65)),
      await rp.poll(foreign.id + 'x'.repeat(43)),
      await rp.poll('malformed handle \u2603'),
      await rp.poll('x'),
    ]
    const seen = answers.map(({ status, headers, body }) => {
      const { date, ...rest } = Object.fromEntries(headers)
      return JSON.stringify({ status, headers: rest, body })
    })
    expect(answers[0]).toMatchObject(refusal('invalid_grant'))
    expect(new Set(seen).size).toBe(1)
  })

  test('cost the same: one read, no write', async () => {
    const rp = relyingParty(op.issuer)
    const foreign = await waiting(op, relyingParty(op.issuer, 'other'))
    for (const handle of [foreign.handle, 'x'.repeat(65), 'malformed']) {
      calls.length = 0
      await rp.poll(handle)
      expect(calls).toEqual(['find'])
    }
  })

  test('E-20 strangers never hear slow_down', async () => {
    const rp = relyingParty(op.issuer)
    const stranger = relyingParty(op.issuer, 'other')
    const { handle } = await waiting(op, rp)
    await rp.poll(handle)
    expect((await rp.poll(handle)).body.error).toBe('slow_down')
    for (let n = 0; n < 3; n++) expect(await stranger.poll(handle)).toMatchObject(refusal('invalid_grant'))
    const guessed = handle.slice(0, 22) + 'x'.repeat(43)
    expect(await rp.poll(guessed)).toMatchObject(refusal('invalid_grant'))
  })

  test('E-20 nor do the polls of strangers use up those of the rightful client', async () => {
    const rp = relyingParty(op.issuer)
    const stranger = relyingParty(op.issuer, 'other')
    const { handle } = await waiting(op, rp)
    for (let n = 0; n < 3; n++) await stranger.poll(handle)
    expect(await rp.poll(handle)).toMatchObject(refusal('authorization_pending'))
  })
})

describe('what a poll must not carry', () => {
  test.each([
    ...requestOnly,
    ['deferred_code', 'x'.repeat(65)],
    ['deferred_auth_id', ['x'.repeat(65), 'y'.repeat(65)]],
  ])('E-31 C21 %s is invalid_request, the deferral stays redeemable', async (name, value) => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await approved(op, rp)
    calls.length = 0
    expect(await rp.poll(handle, { [name]: value })).toMatchObject(refusal('invalid_request'))
    expect(calls.filter((verb) => !readVerbs.includes(verb))).toEqual([])
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    expect((await rp.poll(handle)).status).toBe(200)
  })

  test('O-042 unknown parameters are ignored', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await waiting(op, rp)
    expect(await rp.poll(handle, { something: 'else' })).toMatchObject(refusal('authorization_pending'))
  })

  test('O-038 O-053 other media types and methods are refused', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await waiting(op, rp)
    expect(await rp.poll(handle, {}, { json: true })).toMatchObject(refusal('invalid_request'))
    expect((await fetch(`${op.issuer}/token?deferred_auth_id=${handle}`)).status).toBe(404)
  })
})

describe('E-52 whatever Accept says, answers are JSON and E-51 not cached', () => {
  const html = { headers: { accept: 'text/html' } }
  const doubled = { deferred_auth_id: ['x', 'y'] }

  test.each<[string, (held: { handle: string; id: string }) => Promise<unknown>, Record<string, string[]>]>([
    ['authorization_pending', async () => undefined, {}],
    ['slow_down', ({ handle }) => relyingParty(op.issuer).poll(handle), {}],
    ['access_denied', ({ id }) => op.provider.deferrals.deny(id), {}],
    ['expired_token', async () => op.clock.advance(3600), {}],
    ['invalid_request', async () => undefined, doubled],
  ])('O-078 C46 %s', async (error, arrange, params) => {
    const rp = relyingParty(op.issuer)
    const held = await waiting(op, rp)
    await arrange(held)
    const { headers, status, body } = await rp.poll(held.handle, params, html)
    expect(headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(headers.get('cache-control')).toBe('no-store')
    expect({ status, body }).toMatchObject(refusal(error))
    expect(body.error_description ?? '').toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/)
    expect(Object.keys(body).filter((name) => !['error', 'error_description'].includes(name))).toEqual([])
  })

  test('O-062 O-065 and so are tokens', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp)
    const { headers, status } = await rp.poll(handle, {}, html)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

test('a poll without a body is invalid_request', async () => {
  expect(await send(`${op.issuer}/token`, '')).toMatchObject(refusal('invalid_request'))
})
