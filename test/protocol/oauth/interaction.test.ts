import type { DeferRequest, Deferring } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { held, pollDeferral, request } from '../../support/deferral.js'
import { waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let defer: (request: DeferRequest) => boolean | Deferring

beforeAll(async () => {
  op = await startProvider({ deferred: { defer: (_ctx, request) => defer(request) } })
})

afterAll(() => op.close())

beforeEach(() => {
  defer = () => true
})

const deferrals = () => op.provider.deferrals
const party = () => relyingParty(op.issuer)
const pageOf = (id: string) => `https://op.example/confirm/${id}`

/** A poll on time. */
async function polled(deferralCode: string) {
  op.clock.advance(5)
  return (await pollDeferral(party(), deferralCode)).body
}

describe('authorization_code', () => {
  const grant = 'authorization_code'

  test('I-046 I-047 C-I01 the first answer may ask for an interaction already', async () => {
    defer = ({ id }) => ({ interaction: { uri: pageOf(id) } })
    const { deferralCode, id, answer } = await held(op, party(), grant)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.body).toEqual({
      error: 'interaction_required',
      error_description: 'the deferred request waits for an interaction',
      interaction_uri: pageOf(id),
      deferral_code: deferralCode,
      expires_in: 86_400,
      interval: 5,
    })
    expect(await polled(deferralCode)).toMatchObject({ error: 'interaction_required', interaction_uri: pageOf(id) })
  })

  test('I-072 the two pending states alternate, in both directions and as often as need be', async () => {
    const { deferralCode, id } = await held(op, party(), grant)
    for (const page of ['one', 'two', 'three']) {
      expect((await polled(deferralCode)).error).toBe('authorization_pending')
      expect(await deferrals().requireInteraction(id, { uri: pageOf(page) })).toMatchObject({ changed: true })
      for (let n = 0; n < 2; n++) expect((await polled(deferralCode)).interaction_uri).toBe(pageOf(page))
      expect(await deferrals().resume(id)).toMatchObject({ changed: true })
    }
    const back = await polled(deferralCode)
    expect(back).toEqual({ error: 'authorization_pending', error_description: expect.any(String) })
  })

  test('I-046 I-047 I-050 interaction_uri is that of this deferral now, and comes with this state only', async () => {
    const [one, other] = [await held(op, party(), grant), await held(op, party(), grant)]
    await deferrals().requireInteraction(one.id, { uri: pageOf('first') })
    await deferrals().requireInteraction(one.id, { uri: pageOf('second') })
    expect((await polled(one.deferralCode)).interaction_uri).toBe(pageOf('second'))
    expect(await polled(other.deferralCode)).not.toHaveProperty('interaction_uri')
  })

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['denied', (id) => deferrals().deny(id)],
    ['approved', (id) => deferrals().approve(id)],
    ['cancelled', (id) => deferrals().cancel(id)],
    ['over', async () => op.clock.advance(86_400)],
  ])('I-052 I-053 it is gone, and cannot come back, once the deferral is %s', async (_state, settle) => {
    const { deferralCode, id } = await held(op, party(), grant)
    await deferrals().requireInteraction(id, { uri: pageOf(id) })
    await settle(id)
    expect(await deferrals().requireInteraction(id, { uri: pageOf('again') })).toMatchObject({ changed: false })
    expect(await deferrals().resume(id)).toMatchObject({ changed: false })
    expect(JSON.stringify(await polled(deferralCode))).not.toContain('op.example')
  })

  test('I-051 I-052 the provider does nothing when it is visited, however often', async () => {
    const { deferralCode, id } = await held(op, party(), grant)
    await deferrals().requireInteraction(id, { uri: pageOf(id) })
    const before = await deferrals().get(id)
    for (const method of ['GET', 'GET', 'POST']) {
      const { status } = await fetch(`${op.issuer}/confirm/${id}`, { method })
      expect(status).toBe(404)
    }
    expect(await deferrals().get(id)).toEqual(before)
    expect((await polled(deferralCode)).error).toBe('interaction_required')
  })

  test('I-052 resume has an effect once', async () => {
    const { id } = await held(op, party(), grant)
    expect(await deferrals().resume(id)).toMatchObject({ changed: false })
    await deferrals().requireInteraction(id, { uri: pageOf(id) })
    expect(await deferrals().resume(id)).toMatchObject({ changed: true })
    expect(await deferrals().resume(id)).toMatchObject({ changed: false })
  })

  test.each([
    'http://op.example/confirm',
    'https://op.example/confirm#part',
    'https://op.example/confirm#',
    '/confirm',
    '//op.example/confirm',
    'confirm',
    'https:op.example',
    'https://',
    'https:///confirm',
    ' https://op.example/',
    'https://op.example/a b',
    'https://op.example/a\nb',
    'https://op.example/\u00e4',
    'https://\u00e4.example/',
    'https://\nop.example/',
    'http://127.0.0.1/confirm#part',
    'http://127.0.0.1:99999/confirm',
    'http://127.0.0.2/confirm',
    'http://127.1/confirm',
    'http://0.0.0.0/confirm',
    'http://localhost.op.example/confirm',
    'http://localhost@op.example/confirm',
    'http://user@localhost/confirm',
    'http:localhost/confirm',
    'http://localhost/a b',
    'http://localhost\\@op.example/',
    'https:\\\\op.example\\confirm',
    'javascript:alert(1)',
    'data:text/html,hello',
    'app.example:/confirm',
    '',
  ])('I-048 I-049 %j is refused, and nothing changes', async (uri) => {
    const { deferralCode, id } = await held(op, party(), grant)
    await expect(deferrals().requireInteraction(id, { uri })).rejects.toThrow(TypeError)
    expect((await polled(deferralCode)).error).toBe('authorization_pending')
    defer = () => ({ interaction: { uri } })
    const { answer } = await request(party(), grant)
    expect(answer).toMatchObject({ status: 500, body: { error: 'server_error' } })
  })

  test.each(['http://localhost:3000/confirm?id=1', 'http://[::1]/', 'HTTP://LocalHost/confirm'])(
    'I-048 %j is allowed: a page on loopback may be plain http, as a redirect URI may',
    async (uri) => {
      const { deferralCode, id } = await held(op, party(), grant)
      await deferrals().requireInteraction(id, { uri })
      expect(await polled(deferralCode)).toMatchObject({ error: 'interaction_required', interaction_uri: uri })
    },
  )

  test.each<[string, (code: string) => string]>([
    ['in the path', (code) => `https://op.example/confirm/${code}`],
    ['in the query', (code) => `https://op.example/confirm?deferral_code=${code}&lang=en`],
    ['in the host', (code) => `https://x.op.example/${code}/y`],
    ['percent-encoded', (code) => `https://op.example/${[...code].map(encoded).join('')}`],
    [
      'percent-encoded in part',
      (code) => `https://op.example/${code.slice(0, 40)}${encoded(code[40]!)}${code.slice(41)}`,
    ],
    ['behind the id', (code) => `https://op.example/${code.slice(0, 22)}/${code}`],
  ])('I-050 one with the deferral_code %s is refused', async (_where, uri) => {
    const { deferralCode, id } = await held(op, party(), grant)
    await expect(deferrals().requireInteraction(id, { uri: uri(deferralCode) })).rejects.toThrow(TypeError)
    expect(await polled(deferralCode)).not.toHaveProperty('interaction_uri')
  })
})

const encoded = (letter: string) => `%${letter.charCodeAt(0).toString(16)}`

describe('wrong arguments', () => {
  test.each([undefined, {}, { uri: 1 }, { uri: pageOf('x'), more: true }, null])('%j is a TypeError', async (given) => {
    const { id } = await held(op, party(), 'client_credentials')
    await expect(deferrals().requireInteraction(id, given as never)).rejects.toThrow(TypeError)
  })

  test('an unknown id is ERR_DEFERRAL_NOT_FOUND', async () => {
    const code = 'ERR_DEFERRAL_NOT_FOUND'
    await expect(deferrals().requireInteraction('nowhere', { uri: pageOf('x') })).rejects.toMatchObject({ code })
    await expect(deferrals().resume('nowhere')).rejects.toMatchObject({ code })
  })

  test('I-014 the OpenID draft knows no such state', async () => {
    const { id } = await waiting(op, party())
    await expect(deferrals().requireInteraction(id, { uri: pageOf('x') })).rejects.toThrow(TypeError)
    await expect(deferrals().resume(id)).rejects.toThrow(TypeError)
  })
})
