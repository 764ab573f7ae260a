import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { atDoor, doors, successAt, waiting } from '../../support/journey.js'
import { distantAdapter } from '../../support/observed.js'
import { startProvider, type TestProvider, withProvider } from '../../support/provider.js'
import { type DpopKey, dpopKey, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let key: DpopKey

beforeAll(async () => {
  op = await startProvider({ configuration: { adapter: distantAdapter() } })
  key = await dpopKey()
})

afterAll(() => op.close())

const refused = { status: 400, body: { error: 'invalid_dpop_proof' } }
const now = () => Math.floor(Date.now() / 1000)
const saying = (claims: Record<string, unknown>): DpopKey => ({ ...key, proof: (url) => key.proof(url, claims) })

describe.each(doors)('O-075 O-081 O-084 O-106 a proof at %s', (door) => {
  const party = () => relyingParty(op.issuer, 'public', key)

  type Row = [string, () => Record<string, unknown>]
  // the exchange and the poll are one endpoint
  const some = (rows: Row[]) => (door === 'exchange' ? rows.slice(0, 1) : rows)

  const good: Row[] = [
    ['C60 made 10 s ago', () => ({ iat: now() - 10 })],
    ['C60 made in 10 s', () => ({ iat: now() + 10 })],
    ['C60 with nbf and exp around now', () => ({ nbf: now() - 5, exp: now() + 60 })],
    ['whose htu has a query and a fragment', () => ({ htu: `${urlOf()}?a=b#c` })],
  ]
  test.each(some(good))('%s passes', async (_case, claims) => {
    const { present } = await atDoor(op, party(), door)
    expect(await present({}, { dpop: saying(claims()) })).toMatchObject(successAt[door])
  })

  const bad: Row[] = [
    ['C60 made an hour ago', () => ({ iat: now() - 3600 })],
    ['C60 made in an hour', () => ({ iat: now() + 3600 })],
    ['C60 that has expired', () => ({ exp: now() - 60 })],
    ['C60 that is not valid yet', () => ({ nbf: now() + 600 })],
    ['without iat', () => ({ iat: undefined })],
    ['without jti', () => ({ jti: undefined })],
    ['for another method', () => ({ htm: 'GET' })],
    ['for the other endpoint', () => ({ htu: op.issuer + (door === 'cancel' ? '/token' : '/deferred/cancel') })],
    ['for another host', () => ({ htu: 'https://op.example/token' })],
    ['whose htu is no URL', () => ({ htu: 'token endpoint' })],
    ['whose htu is a path', () => ({ htu: door === 'cancel' ? '/deferred/cancel' : '/token' })],
    ['whose htu is empty', () => ({ htu: '' })],
    ['without htu', () => ({ htu: undefined })],
    ['with a nonce where there are none', () => ({ nonce: 'nonce' })],
  ]
  test.each(some(bad))('%s is refused and changes nothing', async (_case, claims) => {
    const { id, present } = await atDoor(op, party(), door)
    expect(await present({}, { dpop: saying(claims()) })).toMatchObject(refused)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
    expect(await present()).toMatchObject(successAt[door])
  })

  const urlOf = () => op.issuer + (door === 'cancel' ? '/deferred/cancel' : '/token')
})

test.each(['token endpoint', 'nonsense:', ''])(
  'C54 an approved, bound deferral is never redeemed as Bearer by a proof for %j',
  async (htu) => {
    const rp = relyingParty(op.issuer, 'secret', key)
    const { handle, id } = await waiting(op, rp)
    await op.provider.deferrals.approve(id)
    expect(await rp.poll(handle, {}, { dpop: saying({ htu }) })).toMatchObject(refused)
    expect((await rp.poll(handle)).body.token_type).toBe('DPoP')
  },
)

describe('C61 one jti', () => {
  const once = () => saying({ jti: Math.random().toString(36) })

  test.each([
    ['exchange', 'poll'],
    ['poll', 'cancel'],
    ['cancel', 'exchange'],
  ] as const)('at %s and again at %s: the second one is refused and changes nothing', async (first, second) => {
    const rp = relyingParty(op.issuer, 'public', key)
    const [one, other] = [await atDoor(op, rp, first), await atDoor(op, rp, second)]
    const extras = { dpop: once() }
    expect(await one.present({}, extras)).toMatchObject(successAt[first])
    expect(await other.present({}, extras)).toMatchObject(refused)
    expect(await op.provider.deferrals.get(other.id)).toMatchObject({ status: 'pending' })
    expect(await other.present()).toMatchObject(successAt[second])
  })

  test('is used up by a poll that came too early, too', async () => {
    const rp = relyingParty(op.issuer, 'public', key)
    const { handle } = await waiting(op, rp)
    const extras = { dpop: once() }
    await rp.poll(handle)
    expect((await rp.poll(handle, {}, extras)).body.error).toBe('slow_down')
    op.clock.advance(10)
    expect(await rp.poll(handle, {}, extras)).toMatchObject(refused)
  })

  test('at the redemption and again: the second one is refused', async () => {
    const rp = relyingParty(op.issuer, 'public', key)
    const [one, other] = [await waiting(op, rp), await waiting(op, rp)]
    for (const { id } of [one, other]) await op.provider.deferrals.approve(id)
    const extras = { dpop: once() }
    expect((await rp.poll(one.handle, {}, extras)).status).toBe(200)
    expect(await rp.poll(other.handle, {}, extras)).toMatchObject(refused)
    expect((await rp.poll(other.handle)).status).toBe(200)
  })

  test.each(['exchange', 'cancel'] as const)('16 times at once at %s: one passes', async (door) => {
    const rp = relyingParty(op.issuer, 'public', key)
    const { present } = await atDoor(op, rp, door)
    const extras = { dpop: once() }
    const answers = await Promise.all(Array.from({ length: 16 }, () => present({}, extras)))
    expect(answers.filter(({ body }) => body.error === 'invalid_dpop_proof')).toHaveLength(15)
    expect(answers.find(({ body }) => body.error !== 'invalid_dpop_proof')).toMatchObject(successAt[door])
  })

  test('may be used again where the host is told to allow that', async () => {
    const dPoP = { enabled: true, allowReplay: true }
    await withProvider({ configuration: { features: { dPoP } } }, async (lax) => {
      const rp = relyingParty(lax.issuer, 'public', key)
      const { handle } = await waiting(lax, rp)
      const extras = { dpop: once() }
      expect((await rp.poll(handle, {}, extras)).body.error).toBe('authorization_pending')
      expect((await rp.poll(handle, {}, extras)).body.error).toBe('slow_down')
    })
  })
})

describe('with the feature off', () => {
  let off: TestProvider

  beforeAll(async () => {
    off = await startProvider({ configuration: { features: { dPoP: { enabled: false } } } })
  })

  afterAll(() => off.close())

  test('O-083 a DPoP header does not make a public client sender-constrained', async () => {
    const rp = relyingParty(off.issuer, 'public', key)
    const { present } = await atDoor(off, rp, 'exchange')
    const { status, body } = await present()
    expect(status).toBe(400)
    expect(body).not.toHaveProperty('deferred_auth_id')
  })

  test('a header of a client with a secret, even a broken one, binds nothing and stops nothing', async () => {
    const rp = relyingParty(off.issuer)
    const { handle, id } = await waiting(off, rp, { extras: { headers: { dpop: 'broken' } } })
    await off.provider.deferrals.approve(id)
    expect((await rp.poll(handle)).body.token_type).toBe('Bearer')
  })
})
