import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { atDoor, basic, doors, party, send, successAt } from '../../support/journey.js'
import { distantAdapter } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { clientAssertion, relyingParty } from '../../support/relying_party.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({ configuration: { adapter: distantAdapter() } })
})

afterAll(() => op.close())

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const by = (assertion: string) => ({ client_assertion_type: assertionType, client_assertion: assertion })
const seconds = () => Math.floor(Date.now() / 1000)

const pending = async (id: string) => {
  const deferral = await op.provider.deferrals.get(id)
  return deferral?.status === 'pending'
}

type Refusal = [string, string, (body: Record<string, string>) => Record<string, string>, number, string]
type Claims = [string, (url: string) => Record<string, unknown>]

describe.each(doors)('O-043 O-056 O-100 at %s', (door) => {
  // the token endpoint is the host's own, the one for cancellations is ours
  const some = <T>(rows: T[]) => (door === 'cancel' ? rows : rows.slice(0, 2))

  const refusals: Refusal[] = [
    ['secret', 'nothing at all', (body) => body, 400, 'invalid_request'],
    ['secret', 'the client_id alone', (body) => ({ ...body, client_id: 'secret' }), 401, 'invalid_client'],
    [
      'secret',
      'a wrong secret in the body',
      (body) => ({ ...body, client_id: 'secret', client_secret: 'x' }),
      401,
      'invalid_client',
    ],
    ['assertion', 'nothing at all', (body) => body, 400, 'invalid_request'],
    ['assertion', 'the client_id alone', (body) => ({ ...body, client_id: 'assertion' }), 401, 'invalid_client'],
    ['assertion', 'an assertion that is none', (body) => ({ ...body, ...by('a.b.c') }), 400, 'invalid_request'],
    ['public', 'nothing at all', (body) => body, 400, 'invalid_request'],
    ['public', 'an unknown client_id', (body) => ({ ...body, client_id: 'unknown' }), 401, 'invalid_client'],
  ]
  test.each(some(refusals))(
    'C26 C76 the %s client with %s is refused and nothing changes',
    async (clientId, _case, body, status, error) => {
      const rp = await party(op, clientId)
      const message = await atDoor(op, rp, door)
      const refused = await send(message.url, body(message.body))
      expect(refused).toMatchObject({ status, body: { error } })
      expect(refused.headers.get('cache-control')).toBe('no-store')
      expect(await pending(message.id)).toBe(true)
      expect(await message.present()).toMatchObject(successAt[door])
    },
  )

  test('O-107 C33 a wrong secret in the header is 401 with a Basic challenge', async () => {
    const rp = relyingParty(op.issuer)
    const message = await atDoor(op, rp, door)
    const refused = await send(message.url, message.body, basic('secret', 'wrong'))
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic realm="/)
    expect(await message.present()).toMatchObject(successAt[door])
  })

  test('E-52 O-078 a failed authentication is JSON under Accept: text/html', async () => {
    const message = await atDoor(op, relyingParty(op.issuer), door)
    const refused = await send(message.url, message.body, { ...basic('secret', 'wrong'), accept: 'text/html' })
    expect(refused.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  test('O-070 O-106 C03 C76 a client without the grant is unauthorized_client', async () => {
    const message = await atDoor(op, relyingParty(op.issuer), door)
    const refused = await send(message.url, message.body, basic('plain', 'a plain secret'))
    expect(refused).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
    expect(await pending(message.id)).toBe(true)
  })

  test('C27 an assertion by an algorithm that was not registered is refused', async () => {
    const message = await atDoor(op, relyingParty(op.issuer, 'assertion'), door)
    const { privateKey } = await generateKeyPair('RS256')
    const claims = {
      iss: 'assertion',
      sub: 'assertion',
      aud: op.issuer,
      jti: 'rs256',
      iat: seconds(),
      exp: seconds() + 60,
    }
    const rs256 = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey)
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${rs256.split('.')[1]}.`
    for (const assertion of [rs256, none]) {
      expect(await message.present(by(assertion))).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    }
    expect(await message.present()).toMatchObject(successAt[door])
  })

  const bad: Claims[] = [
    ['that expired 5 min ago', () => ({ iat: seconds() - 360, exp: seconds() - 300 })],
    ['for another audience', () => ({ aud: 'https://other.example' })],
    ['with another iss', () => ({ iss: 'other' })],
    ['without sub', () => ({ sub: undefined })],
    ['without jti', () => ({ jti: undefined })],
    ['without exp', () => ({ exp: undefined })],
    ['C30 not valid for another 75 s', () => ({ nbf: seconds() + 75 })],
  ]
  test.each(some(bad))('C28 an assertion %s is refused, nothing changes', async (_case, claims) => {
    const message = await atDoor(op, relyingParty(op.issuer, 'assertion'), door)
    const refused = await message.present(by(await clientAssertion(op.issuer, claims(message.url))))
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(await pending(message.id)).toBe(true)
    expect(await message.present()).toMatchObject(successAt[door])
  })

  const good: Claims[] = [
    ['C29 for the issuer', () => ({ aud: op.issuer })],
    ['C29 for the token endpoint', () => ({ aud: `${op.issuer}/token` })],
    ['C29 for the endpoint called', (url) => ({ aud: url })],
    ['C29 for several, the issuer among them', () => ({ aud: ['https://other.example', op.issuer] })],
    ['C30 valid in 8 s', () => ({ nbf: seconds() + 8, iat: seconds() + 8 })],
  ]
  test.each(some(good))('an assertion %s is accepted', async (_case, claims) => {
    const message = await atDoor(op, relyingParty(op.issuer, 'assertion'), door)
    expect(await message.present(by(await clientAssertion(op.issuer, claims(message.url))))).toMatchObject(
      successAt[door],
    )
  })
})

describe('C31 one assertion', () => {
  test.each([
    ['exchange', 'poll'],
    ['poll', 'cancel'],
    ['cancel', 'exchange'],
  ] as const)('at %s and then at %s: the second one is refused and changes nothing', async (first, second) => {
    const rp = relyingParty(op.issuer, 'assertion')
    const [one, other] = [await atDoor(op, rp, first), await atDoor(op, rp, second)]
    const assertion = by(await clientAssertion(op.issuer))
    expect(await one.present(assertion)).toMatchObject(successAt[first])
    expect(await other.present(assertion)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(await pending(other.id)).toBe(true)
    expect(await other.present()).toMatchObject(successAt[second])
  })

  test.each(['exchange', 'cancel'] as const)('16 times at once at %s: one wins', async (door) => {
    const rp = relyingParty(op.issuer, 'assertion')
    const message = await atDoor(op, rp, door)
    const assertion = by(await clientAssertion(op.issuer))
    const answers = await Promise.all(Array.from({ length: 16 }, () => message.present(assertion)))
    expect(answers.filter(({ body }) => body.error === 'invalid_client')).toHaveLength(15)
    expect(answers.find(({ body }) => body.error !== 'invalid_client')).toMatchObject(successAt[door])
  })
})

describe('C29 under the FAPI 2.0 profile', () => {
  let strict: TestProvider

  beforeAll(async () => {
    const profile = (ctx: { method: string }) => (ctx.method === 'POST' ? '2.0' : undefined)
    strict = await startProvider({
      configuration: { features: { fapi: { enabled: true, profile: profile as never } } },
    })
  })

  afterAll(() => strict.close())

  test.each(doors)('an array of audiences is refused at %s, the issuer alone is accepted', async (door) => {
    const rp = relyingParty(strict.issuer, 'assertion')
    const message = await atDoor(strict, rp, door)
    const several = by(await clientAssertion(strict.issuer, { aud: [strict.issuer] }))
    expect(await message.present(several)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(await message.present()).toMatchObject(successAt[door])
  })
})

test('C26 two ways of authentication at once are invalid_request', async () => {
  const message = await atDoor(op, relyingParty(op.issuer), 'poll')
  const body = { ...message.body, client_id: 'secret', client_secret: 'a secret of the client' }
  const both = await send(message.url, body, basic('secret', 'a secret of the client'))
  expect(both).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
})

test('a client with a secret may put it into the body', async () => {
  const message = await atDoor(op, relyingParty(op.issuer), 'poll')
  const body = { ...message.body, client_id: 'secret', client_secret: 'a secret of the client' }
  expect(await send(message.url, body)).toMatchObject(successAt.poll)
})
