import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apartFromSweeps } from '../../support/deferral.js'
import { approved, basic, clientTypes, deferred, party, send, waiting } from '../../support/journey.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const { store, calls } = observedStore()
const cancelled: string[] = []

beforeAll(async () => {
  op = await startProvider({ deferred: { store, ttl: { deferral: 600 } } })
  op.provider.on('deferral.cancelled', ({ id }) => cancelled.push(id))
})

afterAll(() => op.close())

const status = async (id: string) => (await op.provider.deferrals.get(id))?.status
const secret = basic('secret', 'a secret of the client')

describe.each(clientTypes)('%s client', (clientId) => {
  test.each([
    ['form', false],
    ['JSON', true],
  ])('O-098 O-099 O-103 O-104 O-105 O-109 C74 C77 cancels with a %s body', async (_form, json) => {
    const rp = await party(op, clientId)
    const { handle, id } = await waiting(op, rp)
    const answer = await rp.cancel(handle, {}, { json })
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: {} })
    expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await rp.poll(handle)).toMatchObject({ status: 400, body: { error: 'access_denied' } })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled', cancelledAt: op.clock.now() })
    expect(cancelled.filter((one) => one === id)).toHaveLength(1)
  })

  test('C75 repeated: 200 each time, cancelled once', async () => {
    const rp = await party(op, clientId)
    const { handle, id } = await waiting(op, rp)
    for (let n = 0; n < 3; n++) expect(await rp.cancel(handle)).toMatchObject({ status: 200, body: {} })
    expect(cancelled.filter((one) => one === id)).toHaveLength(1)
  })

  test("O-101 C75 E-21 an unknown id and another client's id: 200, byte for byte alike, without effect", async () => {
    const rp = await party(op, clientId)
    const foreign = await waiting(op, relyingParty(op.issuer, 'other'))
    const handles = [foreign.handle, 'x'.repeat(65), 'malformed', foreign.id + 'x'.repeat(43)]
    const answers = new Set<string>()
    for (const handle of handles) {
      calls.length = 0
      const answer = await rp.cancel(handle)
      const { date, ...headers } = Object.fromEntries(answer.headers)
      answers.add(JSON.stringify([answer.status, headers, answer.body]))
      expect(answer).toMatchObject({ status: 200, body: {} })
      expect(calls).toEqual(['find'])
    }
    expect(answers.size).toBe(1)
    expect(await status(foreign.id)).toBe('pending')
  })

  test('O-102 O-105 C78 after the redemption: 200, and the tokens are untouched', async () => {
    const rp = await party(op, clientId)
    const request = { scope: 'openid offline_access', prompt: 'consent' }
    const { handle, id } = await approved(op, rp, { request })
    const { body } = await rp.poll(handle)
    expect(await rp.cancel(handle)).toMatchObject({ status: 200, body: {} })
    expect(await status(id)).toBe('redeemed')
    expect(await op.provider.AccessToken.find(body.access_token)).toBeDefined()
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
    expect(refreshed.status).toBe(200)
    expect((await rp.poll(handle)).body.error).toBe('invalid_grant')
  })

  test('O-103 C78 an approval that was not redeemed is cancelled', async () => {
    const rp = await party(op, clientId)
    const { handle, id } = await approved(op, rp)
    await rp.cancel(handle)
    expect(await status(id)).toBe('cancelled')
    expect((await rp.poll(handle)).body.error).toBe('access_denied')
  })

  test('C78 I3 E-03 cancellations and redemptions at once: never both effects', async () => {
    const rp = await party(op, clientId)
    for (let round = 0; round < 10; round++) {
      const { handle, id } = await approved(op, rp)
      const both = [() => rp.poll(handle), () => rp.cancel(handle)]
      const order = round % 2 ? both : both.reverse()
      const answers = await Promise.all([...order, ...order].map((call) => call()))
      const disclosed = answers.filter(({ body }) => body.access_token)
      expect(disclosed.length).toBe((await status(id)) === 'redeemed' ? 1 : 0)
      expect(cancelled.filter((one) => one === id)).toHaveLength(1 - disclosed.length)
    }
  })
})

describe('C76 what is malformed', () => {
  test.each([
    ['nothing', {}],
    ['an empty id', { deferred_auth_id: '' }],
    ['a deferred_code instead', { deferred_code: 'x'.repeat(65) }],
    ['a doubled id', { deferred_auth_id: ['x', 'y'] }],
  ])('O-106 O-108 %s is invalid_request', async (_case, body) => {
    const refused = await send(`${op.issuer}/deferred/cancel`, body as Record<string, string>, secret)
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(refused.headers.get('cache-control')).toBe('no-store')
  })

  test('C76 what is missing is named deferred_auth_id', async () => {
    const { body } = await relyingParty(op.issuer).cancel(undefined)
    expect(body.error_description).toContain('deferred_auth_id')
  })

  test.each(['/deferred/cancel/', '/Deferred/CANCEL'])(
    'O-099 %s is the endpoint, as the host takes /token/',
    async (path) => {
      const rp = relyingParty(op.issuer)
      const { handle, id } = await waiting(op, rp)
      expect(await rp.post(path, { deferred_auth_id: handle })).toMatchObject({ status: 200, body: {} })
      expect(await status(id)).toBe('cancelled')
      for (const none of [`${path}//`, '/deferred/%63ancel']) {
        expect((await rp.post(none, { deferred_auth_id: handle })).status).toBe(404)
      }
    },
  )

  test('O-099 only POST is answered', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
      expect((await fetch(`${op.issuer}/deferred/cancel`, { method, headers: secret })).status).toBe(404)
    }
  })

  test('E-52 E-51 success and errors are JSON under Accept: text/html', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await waiting(op, rp)
    const html = { headers: { accept: 'text/html' } }
    for (const answer of [await rp.cancel(undefined, {}, html), await rp.cancel(handle, {}, html)]) {
      expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/)
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
  })
})

describe('what a cancellation cannot do', () => {
  test.each(['denied', 'expired'])('O-105 C75 a deferral %s is answered 200 and stays as it is', async (ended) => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    if (ended === 'denied') await op.provider.deferrals.deny(id)
    else op.clock.advance(600)
    const before = await op.provider.deferrals.get(id)
    expect((await rp.cancel(handle)).status).toBe(200)
    expect(apartFromSweeps(await op.provider.deferrals.get(id))).toEqual(apartFromSweeps(before))
    expect((await rp.poll(handle)).body.error).toBe(ended === 'denied' ? 'access_denied' : 'expired_token')
  })

  test('O-051 a deferred code cancels nothing', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await deferred(op, rp)
    expect((await rp.cancel(code)).status).toBe(200)
    expect(await status(id)).toBe('pending')
  })
})
