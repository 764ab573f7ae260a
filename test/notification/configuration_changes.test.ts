import { memoryStore, type NotificationOptions } from 'oidc-provider-deferred'
import { type RecordingReceiver, recordingReceiver } from 'oidc-provider-deferred/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clients, grantType, oauthGrantType, redirectUri } from '../support/clients.js'
import { createClock } from '../support/clock.js'
import { authorizationCode, redeem } from '../support/deferral.js'
import { deferred } from '../support/journey.js'
import { observedAdapter } from '../support/observed.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { type Answer, answer, relyingParty } from '../support/relying_party.js'

/*
 * Clients that are registered already, when the rules or their endpoints change.
 */
const keys = [new Uint8Array(32).fill(1)]
const features = { registration: { enabled: true }, registrationManagement: { enabled: true } }
const observed = observedAdapter()
const store = memoryStore()
const clock = createClock()
const metadata = {
  redirect_uris: [redirectUri],
  grant_types: [grantType, oauthGrantType, 'authorization_code', 'client_credentials', 'refresh_token'],
  response_types: ['deferred_code', 'code'],
  token_endpoint_auth_method: 'client_secret_post',
}

let receiver: RecordingReceiver
let op: TestProvider

/** The deployment, with these rules from now on. */
const start = (notification: NotificationOptions = receiver.notification, withKeys = true) =>
  startProvider({
    clock,
    ...(op && { issuer: op.issuer }),
    configuration: { adapter: observed.adapter, features, clients },
    deferred: { store, notification, ...(withKeys && { keys }) },
  })

beforeAll(async () => {
  receiver = await recordingReceiver()
})
afterAll(() => receiver.close())
beforeEach(async () => {
  op = await start()
  receiver.received.length = 0
})
afterEach(() => op.close())

interface Registered {
  secret: { client_id: string; client_secret: string }
  metadata: Record<string, unknown>
  /** replaces or, with nothing, deletes it */
  update(change?: Record<string, unknown>): Promise<Answer>
}

async function register(endpoint: string | undefined = receiver.endpoint): Promise<Registered> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ ...metadata, deferred_client_notification_endpoint: endpoint })
  const registered = await answer(await fetch(`${op.origin}/reg`, { method: 'POST', headers, body }))
  expect(registered.status).toBe(201)
  const { client_id, client_secret, registration_access_token: token, registration_client_uri } = registered.body
  const secret = { client_id, client_secret }
  const path = new URL(registration_client_uri).pathname
  return {
    secret,
    metadata: registered.body,
    update: async (change) =>
      answer(
        await fetch(op.origin + path, {
          method: change ? 'PUT' : 'DELETE',
          headers: { ...headers, authorization: `Bearer ${token}` },
          ...(change && { body: JSON.stringify({ ...metadata, ...secret, ...change }) }),
        }),
      ),
  }
}

/** A deferral of this client that may be told of, and how it is polled for. */
async function waiting({ secret }: Registered) {
  const rp = relyingParty(op.origin, secret.client_id)
  const { code, id } = await deferred(op, rp)
  const exchanged = await rp.exchange(code, secret)
  expect(exchanged.status).toBe(200)
  clock.advance(2)
  return { id, poll: () => relyingParty(op.origin, secret.client_id).poll(exchanged.body.deferred_auth_id, secret) }
}

const notification = async (id: string) => (await op.provider.deferrals.get(id))?.notification
const became = async (id: string, status: string) => {
  await until(async () => (await notification(id))?.status === status)
  return notification(id)
}

async function doesTheRest({ secret }: Registered): Promise<void> {
  const rp = relyingParty(op.origin, secret.client_id)
  const code = await authorizationCode(rp)
  expect((await redeem(rp, code, secret)).status).toBe(200)
  expect((await rp.token({ grant_type: 'client_credentials', ...secret })).status).toBe(200)
}

describe('an endpoint that the rules of today refuse', () => {
  test.each<[string, () => NotificationOptions, RegExp]>([
    ['its port', () => ({ ...receiver.notification, ports: [443] }), /^the endpoint must use port 443$/],
    ['its host', () => ({ ...receiver.notification, deny: ['rp.example'] }), /^the endpoint must not be at this host$/],
    ['its address', () => ({ ...receiver.notification, allow: [] }), /which may not be reached$/],
  ])(
    'by %s: its notifications are dead letters, and all else of its client is as ever',
    async (_what, rules, reason) => {
      const client = await register()
      const before = await waiting(client)
      await op.close()
      op = await start(rules())
      await doesTheRest(client)
      const after = await waiting(client)
      for (const { id, poll } of [before, after]) {
        expect((await op.provider.deferrals.approve(id)).changed).toBe(true)
        expect(await became(id, 'failed')).toMatchObject({ attempts: 1, reason: expect.stringMatching(reason) })
        expect((await poll()).status).toBe(200)
      }
      expect(receiver.received).toEqual([])
    },
  )

  test('for want of keys: nothing is kept, and all else of its client is as ever', async () => {
    const client = await register()
    await op.close()
    op = await start(receiver.notification, false)
    await doesTheRest(client)
    const { id, poll } = await waiting(client)
    await op.provider.deferrals.approve(id)
    expect(await notification(id)).toBeUndefined()
    expect((await poll()).status).toBe(200)
    expect(receiver.received).toEqual([])
  })

  test('and that is sent again once the rules allow it', async () => {
    const { id } = await waiting(await register())
    await op.close()
    op = await start({ ...receiver.notification, deny: ['rp.example'] })
    await op.provider.deferrals.approve(id)
    await became(id, 'failed')
    await op.close()
    op = await start()
    await op.provider.deferrals.notifications.replay(id)
    await became(id, 'delivered')
    expect(receiver.received).toHaveLength(1)
  })
})

describe('a client that changes', () => {
  test.each([
    ['http', 'http://rp.example/'],
    ['another port', 'https://rp.example:22/'],
    ['a private address', () => `https://10.0.0.1:${new URL(receiver.endpoint).port}/`],
    ['user information', () => `https://user@rp.example:${new URL(receiver.endpoint).port}/`],
    ['a fragment', () => `${receiver.endpoint}#fragment`],
    ['the host of the provider', () => `https://127.0.0.1:${new URL(op.issuer).port}/`],
  ])('C02 O-005 I-005 cannot change its endpoint to %s, and keeps the one it has', async (_what, endpoint) => {
    const client = await register()
    const change = { deferred_client_notification_endpoint: typeof endpoint === 'string' ? endpoint : endpoint() }
    expect(await client.update(change)).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } })
    const { id } = await waiting(client)
    await op.provider.deferrals.approve(id)
    await became(id, 'delivered')
    expect(receiver.received).toHaveLength(1)
  })

  test('its endpoint is called where it is now', async () => {
    const client = await register()
    const { id } = await waiting(client)
    const moved = `${receiver.endpoint}/moved`
    expect((await client.update({ deferred_client_notification_endpoint: moved })).status).toBe(200)
    await op.provider.deferrals.approve(id)
    await became(id, 'delivered')
    expect(receiver.received.map(({ path }) => path)).toEqual(['/notified/moved'])
  })

  test('one that has no endpoint any more is a dead letter, and nothing is sent', async () => {
    const client = await register()
    const { id } = await waiting(client)
    expect((await client.update({})).status).toBe(200)
    await op.provider.deferrals.approve(id)
    expect(await became(id, 'failed')).toMatchObject({ reason: 'the client has no endpoint any more' })
    expect(receiver.received).toEqual([])
  })

  test('one that is there no more is looked for until its deferral expires, and nothing is sent', async () => {
    const client = await register()
    const { id } = await waiting(client)
    expect((await client.update()).status).toBe(204)
    await op.provider.deferrals.approve(id)
    clock.advance(4)
    await until(async () => (await notification(id))?.reason !== undefined)
    expect(await notification(id)).toMatchObject({ status: 'owed', reason: 'this node does not know the client' })
    expect(receiver.received).toEqual([])
  })

  test('one that cannot be read just now is told later', async () => {
    const { id } = await waiting(await register())
    observed.failNext('Client.find')
    await op.provider.deferrals.approve(id)
    await until(async () => (await notification(id))?.reason !== undefined)
    expect(await notification(id)).toMatchObject({ status: 'owed', attempts: 1 })
    clock.advance(10)
    await became(id, 'delivered')
    expect(receiver.received).toHaveLength(1)
  })
})
