import { randomBytes } from 'node:crypto'
import { importJWK } from 'jose'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { cancel, type Deferral, deferrable, deferredCodeExchange, poll, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificateOf, certificates } from '../support/certificates.js'
import { assertionKey } from '../support/clients.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { checks, configurationOf, idOf, named, newKey, redirect, reloaded, statusOf } from './relying_parties.js'

const secret = named('').client_secret!
const key = await importJWK(assertionKey.private as never, 'ES256')
const methods: { method: string; authentication: client.ClientAuth; registered?: object; headers?: object }[] = [
  { method: 'client_secret_basic', authentication: client.ClientSecretBasic(secret) },
  { method: 'client_secret_post', authentication: client.ClientSecretPost(secret) },
  { method: 'client_secret_jwt', authentication: client.ClientSecretJwt(secret) },
  {
    method: 'private_key_jwt',
    authentication: client.PrivateKeyJwt({ key: key as client.CryptoKey, kid: 'assertion' }),
    registered: { jwks: { keys: [assertionKey.public] } },
  },
  {
    method: 'self_signed_tls_client_auth',
    authentication: client.TlsClientAuth(),
    registered: { jwks: { keys: [certificates.first.jwk] } },
    headers: certificates.first.header,
  },
  {
    method: 'tls_client_auth',
    authentication: client.TlsClientAuth(),
    registered: { tls_client_auth_subject_dn: 'CN=first' },
    headers: { ...certificates.first.header, 'x-client-subject': 'CN=first' },
  },
  { method: 'none', authentication: client.None() },
]
const bindings = methods.flatMap((one) => (one.method === 'none' ? [] : [{ ...one, bound: 'Bearer' }]))
const everyBinding = [...bindings, ...methods.map((one) => ({ ...one, bound: 'DPoP with nonces' }))]

const op: Record<string, TestProvider> = {}
const configuration = (dPoP: object) => ({
  clientAuthMethods: methods.map(({ method }) => method) as never,
  clients: methods.map(({ method, registered }) =>
    named(method, { token_endpoint_auth_method: method as never, ...registered }),
  ),
  features: {
    dPoP: { enabled: true, ...dPoP },
    mTLS: {
      enabled: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: certificateOf as never,
      certificateAuthorized: () => true,
      certificateSubjectMatches: (ctx: KoaContextWithOIDC, _: string, dn: string) => ctx.get('x-client-subject') === dn,
    },
  },
})

beforeAll(async () => {
  const deferred = { defer: () => true, now: undefined as never }
  const nonces = { nonceSecret: randomBytes(32), requireNonce: () => true }
  op.Bearer = await startProvider({ configuration: configuration({}), deferred })
  op['DPoP with nonces'] = await startProvider({ configuration: configuration(nonces), deferred })
})

afterAll(() => Promise.all(Object.values(op).map((one) => one.close())))

describe.each(everyBinding)('$method, $bound', ({ method, authentication, headers, bound }) => {
  async function party() {
    const provider = op[bound]!
    const config = await configurationOf(provider, method, authentication)
    const sent: string[] = []
    config[client.customFetch] = (url, options) => {
      sent.push(url)
      return fetch(url, { ...options, headers: { ...options.headers, ...headers } } as RequestInit)
    }
    return { provider, config, sent, options: bound === 'Bearer' ? {} : { DPoP: await newKey(config) } }
  }
  const tokenType = bound === 'Bearer' ? 'bearer' : 'dpop'

  test('O-043 O-056 O-085 O-088 openid profile: from the redirect to tokens', async () => {
    const { provider, config, options } = await party()
    const before = config[client.customFetch]
    const deferral = reloaded(await deferredCodeExchange(config, await redirect(config), checks, {}, options))
    expect(config[client.customFetch]).toBe(before)
    expect(deferral).toEqual({
      profile: 'openid',
      handle: expect.any(String),
      issuer: provider.issuer,
      clientId: method,
      interval: 5,
      expiresAt: expect.any(Number),
      nonce: 'a nonce',
      ...(options.DPoP && { jkt: await options.DPoP.calculateThumbprint() }),
    })
    expect(await poll(config, deferral, options)).toEqual({ status: 'pending', retryAfter: 5 })
    await provider.provider.deferrals.approve(idOf(deferral))
    const tokens = await wait(config, deferral, options)
    expect(tokens.token_type).toBe(tokenType)
    expect(tokens.claims()).toMatchObject({ sub: 'alice', nonce: 'a nonce' })
  })

  test('I-035 I-057 I-060 I-089 oauth profile: from the token request to tokens', async () => {
    const { provider, config, options } = await party()
    const deferral = await started(config, options)
    expect(await poll(config, deferral, options)).toEqual({ status: 'pending', retryAfter: 5 })
    await provider.provider.deferrals.approve(idOf(deferral))
    expect((await wait(config, deferral, options)).token_type).toBe(tokenType)
  })

  test('O-098 O-100 I-109 I-110 both profiles are cancelled, each at its endpoint', async () => {
    const { provider, config, options, sent } = await party()
    const openid = await deferredCodeExchange(config, await redirect(config), checks, {}, options)
    const oauth = await started(config, options)
    for (const [deferral, path] of [
      [openid, '/deferred/cancel'],
      [oauth, '/token/revocation'],
    ] as const) {
      expect(await statusOf(provider, deferral)).toBe('pending')
      await cancel(config, deferral, options)
      expect(sent.at(-1)).toBe(provider.issuer + path)
      expect(await statusOf(provider, deferral)).toBe('cancelled')
      await expect(wait(config, deferral, options)).rejects.toMatchObject({ name: 'DeferralDenied' })
    }
  })

  /** A public client has no grant of its own: its request is that of a code. */
  async function started(config: client.Configuration, options: { DPoP?: client.DPoPHandle }): Promise<Deferral> {
    const currentUrl = await redirect(config, { response_type: 'code' })
    const { deferral } = await deferrable(
      config,
      (added, dpop) => client.authorizationCodeGrant(config, currentUrl, { ...checks }, added, dpop),
      { ...options, checks },
    )
    return deferral!
  }
})

test('sixty exchanges at once do not disturb one another, nor what else the Configuration is used for', async () => {
  const provider = op.Bearer!
  const config = await configurationOf(provider, 'client_secret_basic', client.ClientSecretBasic(secret))
  const redirects = await Promise.all(Array.from({ length: 60 }, () => redirect(config)))
  const [deferrals, others] = await Promise.all([
    Promise.all(redirects.map((url) => deferredCodeExchange(config, url, checks))),
    Promise.all(redirects.map(() => client.tokenIntrospection(config, 'unknown'))),
  ])
  expect(new Set(deferrals.map(({ handle }) => handle)).size).toBe(60)
  expect(others.every(({ active }) => active === false)).toBe(true)
})
