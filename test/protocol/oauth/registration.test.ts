import { type DeferRequest, memoryStore, Provider } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientsWith, deferrals } from '../../support/authorization.js'
import { oauthGrantType, redirectUri } from '../../support/clients.js'
import { grants, request } from '../../support/deferral.js'
import { basic, send } from '../../support/journey.js'
import { startProvider, type TestProvider, withProvider } from '../../support/provider.js'
import { type Answer, answer, relyingParty } from '../../support/relying_party.js'

const key = Buffer.alloc(32, 7).toString('base64url')
const endpoint = 'https://rp.example/callback'
const machine = { grant_types: ['client_credentials', oauthGrantType], redirect_uris: [], response_types: [] }

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({
    configuration: { features: { registration: { enabled: true } } },
    deferred: { keys: [key], profiles: { openid: false }, defer: () => true },
  })
})
afterAll(() => op.close())

async function register(metadata: object, at = op): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ ...machine, ...metadata })
  return answer(await fetch(`${at.issuer}/reg`, { method: 'POST', headers, body }))
}

const asking = (client: { client_id: string; client_secret: string }) =>
  send(
    `${op.issuer}/token`,
    { grant_type: 'client_credentials', completion_mode: 'deferred' },
    basic(client.client_id, client.client_secret),
  )

test('I-004 a client that polls only registers without a notification endpoint, and is deferred', async () => {
  const { status, body: client } = await register({})
  expect({ status, grants: client.grant_types }).toEqual({ status: 201, grants: machine.grant_types })
  expect(client).not.toHaveProperty('deferred_client_notification_endpoint')
  expect(await asking(client)).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
})

test('I-004 a client registers with an https notification endpoint', async () => {
  const registered = await register({ deferred_client_notification_endpoint: endpoint })
  expect(registered).toMatchObject({ status: 201, body: { deferred_client_notification_endpoint: endpoint } })
  expect((await asking(registered.body)).body).toHaveProperty('deferral_code')
})

test.each([
  'http://rp.example/callback',
  'ftp://rp.example/callback',
  'javascript:alert(1)',
  '/callback',
  'rp.example',
  '',
  'https://user:secret@rp.example/callback',
  'https://rp.example/callback#here',
  ['https://rp.example/callback'],
  true,
])('I-005 refuses the notification endpoint %j', async (value) => {
  const refused = await register({ deferred_client_notification_endpoint: value })
  expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } })
  expect(refused.body.error_description).toContain('deferred_client_notification_endpoint')
})

test('I-004 I-005 without keys, where nothing could be sent, every notification endpoint is refused', async () => {
  const options = { configuration: { features: { registration: { enabled: true } } } }
  await withProvider(options, async (at) => {
    const refused = await register({ deferred_client_notification_endpoint: endpoint }, at)
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } })
    expect(await register({}, at)).toMatchObject({ status: 201 })
  })
})

test('I-005 a static client with a notification endpoint that is not https is a TypeError at construction', () => {
  const clients = clientsWith('secret', { deferred_client_notification_endpoint: 'http://rp.example/callback' })
  const features = { deferredTokenResponse: { store: memoryStore(), keys: [key] } }
  expect(() => new Provider('https://op.example', { clients: clients as never, features })).toThrow(
    /^features\.deferredTokenResponse\.notification cannot reach client secret: .* must be an absolute https URL/,
  )
})

test('a static client with a notification endpoint is a TypeError where there are no keys, in this profile as well', () => {
  const clients = clientsWith('secret', { deferred_client_notification_endpoint: endpoint })
  const features = { deferredTokenResponse: { store: memoryStore(), profiles: { openid: false } } }
  expect(() => new Provider('https://op.example', { clients: clients as never, features })).toThrow(
    /^features\.deferredTokenResponse\.keys /,
  )
})

describe('C-I21 a client that is not registered for the grant of polls', () => {
  test.each(grants)('I-017 I-022 cannot wait, though it opts in: %s', async (grant) => {
    const types = ['authorization_code', 'client_credentials']
    const configuration = { clients: clientsWith('secret', { grant_types: types, response_types: ['code'] }) }
    const asked: unknown[] = []
    const defer = (_ctx: unknown, { canWait, obstacle }: DeferRequest) => {
      asked.push(obstacle)
      return canWait
    }
    await withProvider({ configuration, deferred: { defer } }, async (at) => {
      const { answer: tokens } = await request(relyingParty(at.issuer), grant)
      expect(tokens).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
      expect({ asked, deferrals: await deferrals(at) }).toEqual({ asked: ['client'], deferrals: [] })
    })
  })

  test('is refused when it polls', async () => {
    const { body: client } = await register({ grant_types: ['client_credentials'] })
    const poll = { grant_type: oauthGrantType, deferral_code: 'A'.repeat(65) }
    const refused = await send(`${op.issuer}/token`, poll, basic(client.client_id, client.client_secret))
    expect(refused).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
  })
})

test('I-003 a client of codes registers the grant of polls beside its own', async () => {
  const metadata = { redirect_uris: [redirectUri], response_types: ['code'] }
  const types = ['authorization_code', 'refresh_token', oauthGrantType]
  expect(await register({ ...metadata, grant_types: types })).toMatchObject({
    status: 201,
    body: { grant_types: types },
  })
})
