import { exportJWK, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose'
import { type Deferral, deferrableCodeGrant, deferredCodeExchange, poll, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jwks } from '../support/clients.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { checks, configurationOf, idOf, named, redirect, reloaded } from './relying_parties.js'

let op: TestProvider
const encryption = await generateKeyPair('ECDH-ES', { extractable: true })

beforeAll(async () => {
  const encrypted = named('encrypted', {
    id_token_encrypted_response_alg: 'ECDH-ES',
    id_token_encrypted_response_enc: 'A128CBC-HS256',
    jwks: { keys: [{ ...(await exportJWK(encryption.publicKey)), use: 'enc' }] } as never,
  })
  op = await startProvider({
    configuration: { clients: [named('plain'), encrypted], features: { encryption: { enabled: true } } },
    deferred: {
      defer: () => true,
      interimIdToken: (_ctx, { accountId }) => (accountId === 'alice' ? { given_name: 'Alice' } : undefined),
    },
  })
})

afterAll(() => op.close())

const party = (clientId = 'plain') => configurationOf(op, clientId, client.ClientSecretBasic(named('').client_secret!))

/** Changes the claims of every ID Token that arrives, and signs it with the key of the provider. */
function tampering(config: client.Configuration, change: (claims: JWTPayload) => void): void {
  config[client.customFetch] = async (url, options) => {
    const response = await fetch(url, options as RequestInit)
    const body = (await response.json()) as Record<string, string>
    for (const name of ['id_token', 'interim_id_token']) if (body[name]) body[name] = await changed(body[name], change)
    return Response.json(body, { status: response.status })
  }
}

async function changed(jwt: string, change: (claims: JWTPayload) => void): Promise<string> {
  const claims = JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString())
  change(claims)
  const key = await importJWK(jwks.keys[0] as never, 'RS256')
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'op' }).sign(key)
}

async function approved(config: client.Configuration, more: client.AuthorizationCodeGrantChecks = {}) {
  const params: Record<string, string> = more.maxAge === undefined ? {} : { max_age: String(more.maxAge) }
  const deferral = await deferredCodeExchange(config, await redirect(config, params), { ...checks, ...more })
  await op.provider.deferrals.approve(idOf(deferral))
  return deferral
}

async function oauthApproved(config: client.Configuration): Promise<Deferral> {
  const currentUrl = await redirect(config, { response_type: 'code' })
  const { deferral } = await deferrableCodeGrant(config, currentUrl, checks)
  await op.provider.deferrals.approve(idOf(deferral!))
  return deferral!
}

const profiles = [
  { profile: 'openid', begin: approved },
  { profile: 'oauth', begin: oauthApproved },
]

const tomorrow = 24 * 60 * 60
const wrong: [string, (claims: JWTPayload) => void, string | undefined][] = [
  ['nonce', (claims) => Object.assign(claims, { nonce: 'another' }), undefined],
  ['nonce', (claims) => delete claims.nonce, undefined],
  ['iss', (claims) => Object.assign(claims, { iss: 'https://attacker.example' }), undefined],
  ['aud', (claims) => Object.assign(claims, { aud: 'another' }), undefined],
  ['exp', (claims) => Object.assign(claims, { exp: claims.iat! - tomorrow }), undefined],
]

describe.each(profiles)('O-063 I-063 $profile profile, an ID Token with another', ({ begin }) => {
  test.each(wrong)('%s is an error as of openid-client, and the deferral is as it was', async (_claim, change) => {
    const config = await party()
    const deferral = await begin(config)
    const before = reloaded(deferral)
    tampering(config, change)
    const waited = wait(config, deferral)
    await expect(waited).rejects.toBeInstanceOf(client.ClientError)
    await expect(waited).rejects.toMatchObject({ code: expect.stringMatching(/^OAUTH_JWT_.*_FAILED$/) })
    expect(deferral).toEqual(before)
  })

  test('no ID Token at all is an error', async () => {
    const config = await party()
    const deferral = await begin(config)
    config[client.customFetch] = async () => Response.json({ access_token: 'a token', token_type: 'Bearer' })
    await expect(wait(config, deferral)).rejects.toMatchObject({ code: 'OAUTH_INVALID_RESPONSE' })
  })
})

test('an ID Token has to come where it is expected, with a nonce or without', async () => {
  const config = await party()
  config[client.customFetch] = async () => Response.json({ access_token: 'a token', token_type: 'Bearer' })
  const members = { handle: 'a handle', issuer: op.issuer, clientId: 'plain', interval: 5, expiresAt: 0 }
  const expected: Deferral[] = [
    { ...members, profile: 'openid' },
    { ...members, profile: 'oauth', idTokenExpected: true },
    { ...members, profile: 'oauth', subject: 'alice' },
  ]
  for (const deferral of expected) {
    await expect(poll(config, deferral)).rejects.toMatchObject({ code: 'OAUTH_INVALID_RESPONSE' })
  }
  expect(await poll(config, { ...members, profile: 'oauth' })).toMatchObject({ status: 'granted' })
})

test('idTokenExpected of the checks is kept', async () => {
  const config = await party()
  const currentUrl = await redirect(config, { response_type: 'code' })
  const { deferral } = await deferrableCodeGrant(config, currentUrl, { ...checks, idTokenExpected: true })
  expect(deferral).toMatchObject({ idTokenExpected: true })
})

test('O-114 another subject than that of the interim ID Token is an error', async () => {
  const config = await party()
  const deferral = await approved(config)
  expect(deferral).toMatchObject({ subject: 'alice', interimIdToken: expect.any(String) })
  tampering(config, (claims) => Object.assign(claims, { sub: 'mallory' }))
  await expect(poll(config, deferral)).rejects.toMatchObject({
    code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
    cause: { claim: 'sub', expected: 'alice' },
  })
})

test.each(['nonce', 'iss'])('O-114 an interim ID Token with another %s is an error', async (claim) => {
  const config = await party()
  const currentUrl = await redirect(config)
  tampering(config, (claims) => Object.assign(claims, { [claim]: 'https://another.example' }))
  await expect(deferredCodeExchange(config, currentUrl, checks)).rejects.toMatchObject({
    name: 'ClientError',
    code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  })
})

test('a signature that the Configuration checks has to be right, that of the interim ID Token, too', async () => {
  const config = await party()
  client.enableNonRepudiationChecks(config)
  const currentUrl = await redirect(config)
  config[client.customFetch] = async (url, options) => {
    const response = await fetch(url, options as RequestInit)
    const body = (await response.json()) as Record<string, string>
    if (body.interim_id_token) body.interim_id_token = body.interim_id_token.replace(/[^.]+$/, 'A'.repeat(342))
    return Response.json(body, { status: response.status })
  }
  await expect(deferredCodeExchange(config, currentUrl, checks)).rejects.toBeInstanceOf(client.ClientError)
  config[client.customFetch] = undefined as never
  expect((await wait(config, await approved(config))).claims()).toMatchObject({ sub: 'alice' })
})

test('O-063 O-114 encrypted ID Tokens, the interim one, too', async () => {
  const config = await party('encrypted')
  client.enableDecryptingResponses(config, ['A128CBC-HS256'], encryption.privateKey as client.CryptoKey)
  const deferral = await approved(config)
  expect(deferral.subject).toBe('alice')
  expect(deferral.interimIdToken?.split('.')).toHaveLength(5)
  const tokens = await wait(config, reloaded(deferral))
  expect(tokens.id_token?.split('.')).toHaveLength(5)
  expect(tokens.claims()).toMatchObject({ sub: 'alice', nonce: 'a nonce' })
})

describe('max_age counts from the exchange', () => {
  test('days later the ID Token is right, and one that is older than that is not', async () => {
    const config = await party()
    const now = Math.floor(Date.now() / 1000)
    const deferral = await approved(config, { maxAge: 60 })
    expect(Math.abs(deferral.authTimeAfter! - (now - 60))).toBeLessThan(60)
    const daysAgo = { ...deferral, authTimeAfter: deferral.authTimeAfter! - 3 * tomorrow }
    tampering(config, (claims) => Object.assign(claims, { auth_time: daysAgo.authTimeAfter }))
    expect((await wait(config, daysAgo)).claims()).toMatchObject({ auth_time: daysAgo.authTimeAfter })
  })

  test.each([undefined, 'now', 1000])('auth_time %s is an error', async (auth_time) => {
    const config = await party()
    const deferral = await approved(config, { maxAge: 60 })
    tampering(config, (claims) => Object.assign(claims, { auth_time }))
    await expect(wait(config, deferral)).rejects.toBeInstanceOf(client.ClientError)
  })
})

test('keys of the provider that cannot be fetched at first cost no tokens, and no handle', async () => {
  const config = await party()
  client.enableNonRepudiationChecks(config)
  let failures = 0
  config[client.customFetch] = async (url, options) => {
    // the first request for the keys after each answer fails
    if (new URL(url).pathname !== '/jwks' || ++failures % 2 === 0) return fetch(url, options as RequestInit)
    throw new TypeError('fetch failed')
  }
  const withInterim = await deferredCodeExchange(config, await redirect(config), checks)
  expect(withInterim).toMatchObject({ subject: 'alice', interimIdToken: expect.any(String) })
  await op.provider.deferrals.approve(idOf(withInterim))

  const later = await party()
  client.enableNonRepudiationChecks(later)
  later[client.customFetch] = config[client.customFetch]
  failures = 0
  const tokens = await wait(later, reloaded(withInterim))
  expect(tokens.claims()?.sub).toBe('alice')
  expect(failures).toBe(2)
})
