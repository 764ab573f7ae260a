import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clients } from '../../support/clients.js'
import { held, pollDeferral, request, revoke } from '../../support/deferral.js'
import { deferred, waiting } from '../../support/journey.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { observedAdapter } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, type RelyingParty, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let rp: RelyingParty
const inner = memoryAdapter()
const host = observedAdapter(inner)
const [client] = clients
const faults: unknown[] = []

beforeAll(async () => {
  // static clients are never looked up
  op = await startProvider({ configuration: { adapter: host.adapter, clients: [] }, deferred: { defer: () => true } })
  op.provider.on('server_error', (_ctx, error) => faults.push(error))
})
afterAll(() => op.close())

beforeEach(async () => {
  await inner('Client').upsert('secret', client as never, 3600)
  rp = relyingParty(op.issuer)
})

/** A request of each kind that comes to one of our doors. */
const doors: Record<string, () => Promise<() => Promise<Answer>>> = {
  async exchange() {
    const { code } = await deferred(op, rp)
    return () => rp.exchange(code)
  },
  async poll() {
    const { handle } = await waiting(op, rp)
    return () => rp.poll(handle)
  },
  async cancellation() {
    const { handle } = await waiting(op, rp)
    return () => rp.cancel(handle)
  },
  async revocation() {
    const { handle } = await waiting(op, rp)
    return () => revoke(rp, handle)
  },
  'request that may be deferred': async () => async () => (await request(rp, 'client_credentials')).answer,
  async 'poll of the oauth profile'() {
    const { deferralCode } = await held(op, rp, 'client_credentials')
    return () => pollDeferral(rp, deferralCode)
  },
}

const secret = 'a secret of the driver'
const exposed = () => Object.assign(new Error(secret), { statusCode: 400, status: 400, expose: true })

describe.each(Object.keys(doors))('the look-up of the client fails at a %s', (door) => {
  test('with an error that asks to be shown: 500, nothing of it is', async () => {
    const send = await (doors[door] as (typeof doors)[string])()
    host.failNext('Client.find', 'before', exposed())
    const { status, body } = await send()
    expect({ status, body }).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(JSON.stringify(body)).not.toContain(secret)
    expect(faults.pop()).toMatchObject({ message: secret })
  })

  test('with one that passes by itself: 503, in JSON', async () => {
    const send = await (doors[door] as (typeof doors)[string])()
    host.failNext('Client.find', 'before', Object.assign(exposed(), { name: 'MongoServerSelectionError' }))
    const { status, body, headers } = await send()
    expect({ status, body }).toMatchObject({ status: 503, body: { error: 'server_error' } })
    expect(headers.get('retry-after')).toBe('5')
    expect(headers.get('content-type')).toMatch(/^application\/json\b/)
  })
})

test.each([
  ['MongoPoolClosedError', {}],
  ['MongoServerClosedError', {}],
  ['MongoTopologyClosedError', {}],
  ['MongoServerError', { code: 133 }],
])('a %s %j passes by itself', async (name, members) => {
  host.failNext('Client.find', 'before', Object.assign(new Error(secret), { name, ...members }))
  expect((await rp.poll('x'.repeat(65))).status).toBe(503)
})

test('where the look-up of any other token fails at a revocation of a handle, nothing of that is shown either', async () => {
  const { handle } = await waiting(op, rp)
  for (const call of ['AccessToken.find', 'RefreshToken.find', 'ClientCredentials.find']) {
    host.failNext(call, 'before', exposed())
    expect(await revoke(rp, handle)).toMatchObject({ status: 500, body: { error: 'server_error' } })
  }
})

test('a fault at a request that may be deferred is JSON, also where Accept prefers a page', async () => {
  host.failNext('Client.find')
  const { headers } = await rp.post(
    '/token',
    { grant_type: 'client_credentials', completion_mode: 'deferred' },
    { headers: { accept: 'text/html' } },
  )
  expect(headers.get('content-type')).toMatch(/^application\/json\b/)
})
