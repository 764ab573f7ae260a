import { createRequire } from 'node:module'
import { type Configuration, Provider as Host } from 'oidc-provider'
import { type DeferredTokenResponseOptions, memoryStore, Provider } from 'oidc-provider-deferred'
import { allowInsecureRequests, discovery } from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { oauthGrantType } from '../../support/clients.js'
import { revoke } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { answer, relyingParty } from '../../support/relying_party.js'
import { discoveryOf } from '../../support/serve.js'

const { version } = createRequire(import.meta.url)('oidc-provider/package.json') as { version: string }
const hasPolicy = Number(version.split('.')[1]) >= 5

type Features = NonNullable<Configuration['features']>

const tokenType = 'urn:ietf:params:oauth:token-type:deferral-code'
const names = ['deferred_token_response_supported', 'revocation_endpoint_token_type_values_supported']

const ours = (features: Features, deferredTokenResponse: DeferredTokenResponseOptions) =>
  discoveryOf(new Provider('http://op.example', { features: { ...features, deferredTokenResponse } }))
const hosts = (features: Features) => discoveryOf(new Host('http://op.example', { features }))

describe('enabled', () => {
  let op: TestProvider

  beforeAll(async () => {
    op = await startProvider()
  })
  afterAll(() => op.close())

  const document = async () => (await answer(await fetch(`${op.issuer}/.well-known/openid-configuration`))).body

  test('I-001 the metadata includes deferred_token_response_supported: true', async () => {
    expect(await document()).toMatchObject({ deferred_token_response_supported: true })
  })

  test('I-002 the token types that can be revoked are an array that lists the deferral code', async () => {
    expect((await document()).revocation_endpoint_token_type_values_supported).toEqual([tokenType])
  })

  test('I-002 E-56 the revocation endpoint of that metadata is there, and answers', async () => {
    const { revocation_endpoint: endpoint } = await document()
    expect(endpoint).toBe(`${op.issuer}/token/revocation`)
    expect((await fetch(endpoint, { method: 'POST', body: new URLSearchParams() })).status).toBe(400)
  })

  test('I-003 C-I34 the grant of polls is listed once, and no metadata per grant', async () => {
    const metadata = await document()
    expect(metadata.grant_types_supported.filter((one: string) => one === oauthGrantType)).toEqual([oauthGrantType])
    expect(Object.keys(metadata).filter((name) => /completion_mode/.test(name))).toEqual([])
  })

  test('I-001 openid-client reads it', async () => {
    const config = await discovery(new URL(op.issuer), 'secret', {}, undefined, { execute: [allowInsecureRequests] })
    expect(config.serverMetadata().deferred_token_response_supported).toBe(true)
  })
})

test('I-001 I-002 I-003 the document differs from the host’s by what this draft names, and by nothing else', async () => {
  const host = JSON.parse(await hosts({ revocation: { enabled: true } }))
  const document = JSON.parse(await ours({}, { store: memoryStore(), profiles: { openid: false } }))
  expect(document).toEqual({
    ...host,
    grant_types_supported: [...host.grant_types_supported, oauthGrantType],
    deferred_token_response_supported: true,
    revocation_endpoint_token_type_values_supported: [tokenType],
  })
})

test('I-001 I-002 I-003 with both profiles the document is the sum of theirs', async () => {
  const [both, openid, oauth] = await Promise.all(
    [{}, { oauth: false }, { openid: false }].map(async (profiles) =>
      JSON.parse(await ours({ revocation: { enabled: true } }, { store: memoryStore(), profiles })),
    ),
  )
  expect(both).toEqual({ ...openid, ...oauth, response_types_supported: openid.response_types_supported, ...grants() })

  function grants() {
    const union = new Set([...openid.grant_types_supported, ...oauth.grant_types_supported])
    return { grant_types_supported: [...union] }
  }
})

describe('not spoken', () => {
  test('I-001 I-006 E-56 with profiles.oauth: false nothing of this draft is announced', async () => {
    const document = await ours({}, { store: memoryStore(), profiles: { oauth: false } })
    for (const name of names) expect(JSON.parse(document)).not.toHaveProperty(name)
    expect(document).not.toContain(oauthGrantType)
    expect(JSON.parse(document)).not.toHaveProperty('revocation_endpoint')
  })

  test("I-001 I-006 E-56 with enabled: false the document is the host's, byte for byte", async () => {
    const features = { dPoP: { enabled: true }, clientCredentials: { enabled: true } }
    expect(await ours(features, { enabled: false })).toBe(await hosts(features))
  })
})

describe('features.revocation', () => {
  const construct = (features: Features, profiles: { openid?: boolean; oauth?: boolean } = {}) =>
    new Provider('https://op.example', {
      features: { ...features, deferredTokenResponse: { store: memoryStore(), profiles } },
    })

  test('explicitly disabled is a TypeError that names the option', () => {
    const disabled = () => construct({ revocation: { enabled: false } })
    expect(disabled).toThrow(TypeError)
    expect(disabled).toThrow(/^features\.deferredTokenResponse\.profiles\.oauth /)
  })

  test('disabled is fine where the profile is off', () => {
    expect(() => construct({ revocation: { enabled: false } }, { oauth: false })).not.toThrow()
  })

  if (!hasPolicy) console.log(`oidc-provider ${version} has no features.revocation.allowedPolicy, skipped`)

  ;(hasPolicy ? test : test.skip)('is turned on with whatever else the integrator set there', async () => {
    let asked = 0
    const allowedPolicy = () => {
      asked += 1
      return true
    }
    const op = await startProvider({ configuration: { features: { revocation: { enabled: true, allowedPolicy } } } })
    const rp = relyingParty(op.issuer)
    const { body } = await rp.token({ grant_type: 'client_credentials' })
    const revoked = await revoke(rp, body.access_token)
    expect({ status: revoked.status, asked }).toEqual({ status: 200, asked: 1 })
    await op.close()
  })
})
