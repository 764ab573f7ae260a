import { Provider as Host } from 'oidc-provider'
import { memoryStore, Provider } from 'oidc-provider-deferred'
import { allowInsecureRequests, discovery } from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grantType } from '../../support/clients.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { discoveryOf } from '../../support/serve.js'

const document = async (issuer: string) => (await fetch(`${issuer}/.well-known/openid-configuration`)).text()

describe('enabled', () => {
  let op: TestProvider

  beforeAll(async () => {
    op = await startProvider()
  })
  afterAll(() => op.close())

  test('O-001 O-002 O-003 O-004 C01 metadata lists the grant and both response types', async () => {
    const metadata = JSON.parse(await document(op.issuer))
    expect(metadata.response_types_supported).toEqual(expect.arrayContaining(['deferred_code', 'code deferred_code']))
    expect(metadata.grant_types_supported.filter((one: string) => one === grantType)).toEqual([grantType])
    // what the host lists of its own stays
    expect(metadata.response_types_supported).toEqual(expect.arrayContaining(['code', 'id_token', 'none']))
    expect(metadata.grant_types_supported).toContain('authorization_code')
  })

  test('O-003 every response type is listed once', async () => {
    const { response_types_supported: types } = JSON.parse(await document(op.issuer))
    expect(new Set(types).size).toBe(types.length)
  })

  test('C-O01 metadata names the cancellation endpoint, which answers', async () => {
    const { deferred_authentication_cancellation_endpoint: endpoint } = JSON.parse(await document(op.issuer))
    expect(endpoint).toBe(`${op.issuer}/deferred/cancel`)
    expect((await fetch(endpoint, { method: 'POST', body: new URLSearchParams() })).status).toBe(400)
  })

  test.each(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
    'O-001 the metadata at %s says so, where the host serves it',
    async (path) => {
      const response = await fetch(op.issuer + path)
      if (response.status === 200) {
        expect(await response.json()).toMatchObject({
          response_types_supported: expect.arrayContaining(['deferred_code']),
        })
      } else expect(path).toMatch(/oauth/)
    },
  )

  test('O-008 nothing of CIBA is announced', async () => {
    expect(Object.keys(JSON.parse(await document(op.issuer))).filter((name) => /backchannel/.test(name))).toEqual([])
  })

  test('O-001 C01 openid-client discovers the provider', async () => {
    const config = await discovery(new URL(op.issuer), 'secret', {}, undefined, { execute: [allowInsecureRequests] })
    expect(config.serverMetadata().supportsPKCE()).toBe(true)
    expect(config.serverMetadata().grant_types_supported).toContain(grantType)
  })
})

test('O-122 the document differs from the host’s by what was decided, and by nothing else', async () => {
  const host = JSON.parse(await discoveryOf(new Host('http://op.example', {})))
  const features = { deferredTokenResponse: { store: memoryStore(), profiles: { oauth: false } } }
  const ours = JSON.parse(await discoveryOf(new Provider('http://op.example', { features })))
  expect(ours).toEqual({
    ...host,
    response_types_supported: [...host.response_types_supported, 'deferred_code', 'code deferred_code'],
    grant_types_supported: [...host.grant_types_supported, grantType],
    deferred_authentication_cancellation_endpoint: 'http://op.example/deferred/cancel',
  })
})

describe('not enabled', () => {
  test.each([
    ['with enabled: false', { deferredTokenResponse: { enabled: false } }],
    ['without the feature', {}],
  ])("C01 %s the document is the host's, byte for byte", async (_, features) => {
    const configuration = { features: { dPoP: { enabled: true }, devInteractions: { enabled: false } } }
    const host = await discoveryOf(new Host('http://op.example', configuration))
    const ours = await discoveryOf(
      new Provider('http://op.example', { features: { ...configuration.features, ...features } }),
    )
    expect(ours).toBe(host)
    expect(ours).not.toMatch(/deferred/)
  })
})
