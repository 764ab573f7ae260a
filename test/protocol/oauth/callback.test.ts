import type { Deferring } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWire, type Wire } from '../../notification/wire.js'
import {
  authorizationCode,
  grants,
  type HeldDeferral,
  held,
  pollDeferral,
  redeem,
  request,
  revoke,
} from '../../support/deferral.js'
import { party } from '../../support/journey.js'
import type { Arrival } from '../../support/receiver.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { customClients, customGrants, registerCustomGrants, waitingCustom } from './custom_grants.js'

const token = 'a-notification-token-of-one-deferral'
const params = { client_notification_token: token }
const interaction = { uri: 'https://op.example/confirm' }

let wire: Wire
let defer: () => boolean | Deferring = () => true

beforeAll(async () => {
  wire = await startWire({
    clients: (endpoint) =>
      customClients.map((client) => ({
        ...client,
        deferred_client_notification_endpoint: `${endpoint}/${client.client_id}`,
      })),
    deferred: { defer: (_ctx, { profile, canWait }) => profile === 'oauth' && canWait && defer() },
  })
  registerCustomGrants(wire.op.provider, wire.op.clock)
})
afterAll(() => wire.close())

const deferrals = () => wire.op.provider.deferrals

/** What its client hears of one that can be told now. */
async function toldOf(id: string): Promise<Arrival> {
  await wire.settled(id, 'delivered')
  const [callback, ...more] = wire.heard(id)
  expect(more).toEqual([])
  return callback as Arrival
}

async function start(rp: RelyingParty, grant: string): Promise<Pick<HeldDeferral, 'id' | 'deferralCode'>> {
  const isOwn = grants.some((name) => name === grant)
  const begun = isOwn
    ? await held(wire.op, rp, grant as (typeof grants)[number], { params })
    : await waitingCustom(wire.op, rp, grant, params)
  await wire.armed(begun.id)
  wire.op.clock.advance(2)
  return begun
}

describe.each([...grants, ...customGrants])('%s', (grant) => {
  test.each(['approve', 'deny', 'cancel'] as const)('I-096 I-101 I-102 the client is called back: %s', async (end) => {
    const { id, deferralCode } = await start(relyingParty(wire.op.issuer), grant)
    await deferrals()[end](id)
    expect(await toldOf(id)).toMatchObject({
      url: '/notified/secret',
      body: JSON.stringify({ deferral_code: deferralCode }),
      headers: { authorization: `Bearer ${token}` },
    })
    const { status } = await pollDeferral(relyingParty(wire.op.issuer), deferralCode)
    expect(status).toBe(end === 'approve' ? 200 : 400)
  })

  test('I-096 a request that needed interaction first is called back when it ends, not before', async () => {
    defer = () => ({ interaction })
    const { id, deferralCode } = await start(relyingParty(wire.op.issuer), grant)
    defer = () => true
    await deferrals().resume(id)
    await deferrals().requireInteraction(id, interaction)
    expect(await wire.kept(id)).toMatchObject({ status: 'waiting', attempts: 0 })
    await deferrals().approve(id)
    expect((await toldOf(id)).body).toBe(JSON.stringify({ deferral_code: deferralCode }))
  })
})

test.each(['secret', 'assertion', 'public'])(
  'I-095 the callback of a %s client has no proof of a key',
  async (clientId) => {
    const rp = await party(wire.op, clientId)
    const { id, deferralCode } = await start(rp, 'authorization_code')
    // who does not show the key cannot keep it from being sent
    if (rp.key) expect((await revoke(rp, deferralCode, {}, { dpop: undefined })).status).toBe(200)
    await deferrals().approve(id)
    const { headers, url } = await toldOf(id)
    expect(url).toBe(`/notified/${clientId}`)
    expect(headers).not.toHaveProperty('dpop')
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
  },
)

test('I-096 C-I17 a code that was used again ends its deferral, which is told, once', async () => {
  const rp = relyingParty(wire.op.issuer)
  const { id, code, deferralCode } = await held(wire.op, rp, 'authorization_code')
  await wire.armed(id)
  wire.op.clock.advance(2)
  for (let n = 0; n < 2; n++) expect((await redeem(rp, code as string)).body.error).toBe('invalid_grant')
  expect((await toldOf(id)).body).toBe(JSON.stringify({ deferral_code: deferralCode }))
  expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
})

test('C-X03 the notification of an ordinary code of the combined response type that is deferred carries a deferral_code', async () => {
  defer = () => false
  const rp = relyingParty(wire.op.issuer)
  const code = await authorizationCode(rp, { response_type: 'deferred_code code' })
  defer = () => true
  const { body } = await redeem(rp, code, { completion_mode: 'deferred' })
  const id = body.deferral_code.slice(0, 22)
  await wire.armed(id)
  wire.op.clock.advance(2)
  await deferrals().approve(id)
  expect((await toldOf(id)).body).toBe(JSON.stringify({ deferral_code: body.deferral_code }))
})

test('I-107 a revocation while a callback waits for its next attempt is the end of it', async () => {
  const { id, revoke } = await wire.begin('oauth')
  wire.answer(id, (response) => response.writeHead(503).end())
  wire.op.clock.advance(2)
  await deferrals().approve(id)
  await wire.over(id, 1)
  expect((await revoke()).status).toBe(200)
  wire.op.clock.advance(10)
  await wire.swept()
  expect(wire.heard(id)).toHaveLength(1)
  expect(await wire.kept(id)).toMatchObject({ status: 'suppressed', attempts: 1 })
  expect(await wire.kept(id)).not.toHaveProperty('sealed')
})

test.each(grants)('I-022 a %s request that is answered at once is not called back', async (grant) => {
  defer = () => false
  const before = wire.receiver.arrivals.length
  const { answer } = await request(relyingParty(wire.op.issuer), grant, { params })
  defer = () => true
  expect(answer.status).toBe(200)
  await wire.swept()
  // the one of the sweep
  expect(wire.receiver.arrivals.length).toBe(before + 1)
})
