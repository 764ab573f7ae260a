import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { grantType, redirectUri } from '../../support/clients.js'
import { approved, type Waiting } from '../../support/journey.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let rp: RelyingParty
let held: Waiting
const adapter = memoryAdapter()

const metadata = {
  client_id: 'dynamic',
  token_endpoint_auth_method: 'none',
  redirect_uris: [redirectUri],
  grant_types: [grantType],
  response_types: ['deferred_code'],
}

beforeAll(async () => {
  op = await startProvider({ configuration: { adapter } })
})

afterAll(() => op.close())

beforeEach(async () => {
  await adapter('Client').upsert('dynamic', metadata as never, 0)
  rp = relyingParty(op.issuer, 'dynamic', await dpopKey())
  held = await approved(op, rp, {
    request: { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' },
    params: { code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' },
  })
})

const status = async () => (await op.provider.deferrals.get(held.id))?.status

test('a client that lists neither code nor authorization_code redeems', async () => {
  expect((await rp.poll(held.handle)).status).toBe(200)
})

test('E-34 O-056 a client that was removed meanwhile is invalid_client, nothing is issued', async () => {
  await adapter('Client').destroy('dynamic')
  expect(await rp.poll(held.handle)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  expect(await status()).toBe('approved')
})

test('E-34 a client that lost the grant meanwhile is unauthorized_client, nothing is issued', async () => {
  const without = { ...metadata, grant_types: ['authorization_code'], response_types: ['code'] }
  await adapter('Client').upsert('dynamic', without as never, 0)
  expect(await rp.poll(held.handle)).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
  expect(await status()).toBe('approved')
})

test('E-15 a client that became confidential meanwhile has to authenticate', async () => {
  const secret = { ...metadata, token_endpoint_auth_method: 'client_secret_post', client_secret: 'rotated' }
  await adapter('Client').upsert('dynamic', secret as never, 0)
  expect(await rp.poll(held.handle)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  expect((await rp.poll(held.handle, { client_secret: 'rotated' })).status).toBe(200)
})

test('E-34 a redirect URI the client no longer lists stops nothing: it was verified when it was used', async () => {
  await adapter('Client').upsert('dynamic', { ...metadata, redirect_uris: ['https://rp.example/new'] } as never, 0)
  expect((await rp.poll(held.handle)).status).toBe(200)
})
