import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWire, type Wire } from '../../notification/wire.js'
import { authorizationCode, redeem } from '../../support/deferral.js'
import { deferred, party, waiting } from '../../support/journey.js'
import { relyingParty } from '../../support/relying_party.js'

const token = 'a-notification-token-of-one-deferral'

let wire: Wire

beforeAll(async () => {
  wire = await startWire({
    deferred: { defer: (_ctx, { profile, scope, canWait }) => canWait && (profile === 'oauth' || scope.has('email')) },
  })
})
afterAll(() => wire.close())

const deferrals = () => wire.op.provider.deferrals
const arrived = async (id: string) => {
  await wire.settled(id, 'delivered')
  return wire.heard(id)
}

test.each(['secret', 'assertion', 'public'])(
  'O-007 O-089 O-092 O-093 a %s client is pinged at its own endpoint',
  async (clientId) => {
    const rp = await party(wire.op, clientId)
    const { id, handle } = await waiting(wire.op, rp, { params: { deferred_notification_token: token } })
    await wire.armed(id)
    wire.op.clock.advance(2)
    await deferrals().approve(id)
    const [ping, ...more] = await arrived(id)
    expect(more).toEqual([])
    expect(ping).toMatchObject({
      url: `/notified/${clientId}?from=op`,
      body: JSON.stringify({ deferred_auth_id: handle }),
      headers: { authorization: `Bearer ${token}` },
    })
    // whatever key the deferral is bound to
    expect(ping?.headers).not.toHaveProperty('dpop')
    expect((await rp.poll(handle)).status).toBe(200)
  },
)

test('O-089 a client of the combined response type is pinged when it was made to wait', async () => {
  const rp = relyingParty(wire.op.issuer)
  const { id } = await waiting(wire.op, rp, { request: { response_type: 'deferred_code code', scope: 'openid email' } })
  await wire.armed(id)
  wire.op.clock.advance(2)
  await deferrals().approve(id)
  expect(await arrived(id)).toHaveLength(1)
})

test('O-089 C18 a code that was used again ends the process, and is told, once', async () => {
  const rp = relyingParty(wire.op.issuer)
  const { code, id } = await deferred(wire.op, rp)
  const { body } = await rp.exchange(code)
  await wire.armed(id)
  wire.op.clock.advance(2)
  expect((await relyingParty(wire.op.issuer, 'other').exchange(code)).body.error).toBe('invalid_grant')
  expect(await wire.kept(id)).toMatchObject({ status: 'waiting' })
  for (let n = 0; n < 2; n++) expect((await rp.exchange(code)).body.error).toBe('invalid_grant')
  const pings = await arrived(id)
  expect(pings.map((ping) => ping.body)).toEqual([JSON.stringify({ deferred_auth_id: body.deferred_auth_id })])
  expect((await rp.poll(body.deferred_auth_id)).body.error).toBe('access_denied')
})

test('O-090 a process that the operator ends before the exchange is never told: there is no id to tell', async () => {
  const rp = relyingParty(wire.op.issuer)
  const { code, id } = await deferred(wire.op, rp)
  await deferrals().cancel(id)
  expect((await rp.exchange(code, { deferred_notification_token: token })).body.error).toBe('invalid_grant')
  expect(await wire.kept(id)).toBeUndefined()
  expect(wire.heard(id)).toEqual([])
})

test('O-097 E-25 a client that polls after a forged ping gets authorization_pending, and goes on', async () => {
  const { id, poll } = await wire.begin('openid')
  expect((await poll()).body.error).toBe('authorization_pending')
  wire.op.clock.advance(10)
  await deferrals().approve(id)
  await arrived(id)
  expect((await poll()).status).toBe(200)
})

test('O-121 E-26 a notification token is good for nothing but the ping it came for', async () => {
  const [mine, next] = [await wire.begin('openid', { token }), await wire.begin('openid')]
  const doors = {
    userinfo: () => bearer('/me'),
    introspection: () => mine.rp.post('/token/introspection', { token }),
    poll: () => mine.rp.poll(token),
    exchange: () => mine.rp.exchange(token),
  }
  expect(await doors.userinfo()).toBe(401)
  expect((await doors.introspection()).body).toEqual({ active: false })
  for (const door of [doors.poll, doors.exchange]) expect((await door()).body.error).toBe('invalid_grant')
  wire.op.clock.advance(2)
  for (const { id } of [mine, next]) await deferrals().approve(id)
  const headers = (await Promise.all([mine, next].map(({ id }) => arrived(id)))).flat().map((ping) => ping.headers)
  expect(headers.map(({ authorization }) => authorization)).toEqual([`Bearer ${token}`, undefined])
})

const bearer = async (path: string) =>
  (await fetch(wire.op.issuer + path, { headers: { authorization: `Bearer ${token}` } })).status

test.each([
  ['a space', 'two words'],
  ['a line break', 'one\r\nX-Injected: yes'],
  ['a line feed', 'one\n'],
  ['another alphabet', 'tök€n'],
  ['padding in the middle', 'a=b'],
  ['padding alone', '=='],
  ['a comma', 'a,b'],
  ['1025 characters', 'x'.repeat(1025)],
  ['two tokens', ['one', 'two']],
])(
  'C24 O-093 a notification token of %s is invalid_request: nothing is kept, and the code survives',
  async (_case, sent) => {
    const rp = relyingParty(wire.op.issuer)
    const { code, id } = await deferred(wire.op, rp)
    const refused = await rp.exchange(code, { deferred_notification_token: sent })
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(await wire.kept(id)).toBeUndefined()
    expect((await rp.exchange(code)).status).toBe(200)
  },
)

test('O-006 what a client with an endpoint does without waiting is as ever, and sends nothing', async () => {
  const rp = relyingParty(wire.op.issuer)
  const before = wire.receiver.arrivals.length
  const code = await authorizationCode(rp, { scope: 'openid offline_access', prompt: 'consent' })
  const { status, body } = await redeem(rp, code)
  expect(status).toBe(200)
  const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
  expect(refreshed).toMatchObject({ status: 200, body: { id_token: expect.any(String) } })
  expect((await rp.token({ grant_type: 'client_credentials' })).status).toBe(200)
  const { body: active } = await rp.post('/token/introspection', { token: refreshed.body.access_token })
  expect(active).toMatchObject({ active: true })
  expect((await rp.post('/token/revocation', { token: refreshed.body.refresh_token })).status).toBe(200)
  await wire.swept()
  // the one of the sweep
  expect(wire.receiver.arrivals.length).toBe(before + 1)
})
