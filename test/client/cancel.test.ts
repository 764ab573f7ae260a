import { cancel } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import { page, scriptedDeferral } from './scripted.js'

const cancellation = { deferred_authentication_cancellation_endpoint: 'https://op.example/cancel' }
const revocation = { revocation_endpoint: 'https://op.example/revoke' }

/** A Configuration with these endpoints, and what is sent with it. */
function party(endpoints: object, metadata: Partial<client.ClientMetadata> = {}, status = 200) {
  const server = { issuer: 'https://op.example', token_endpoint: 'https://op.example/token', ...endpoints }
  const config = new client.Configuration(server, 'rp', metadata, client.ClientSecretPost('a secret'))
  const sent: [string, object][] = []
  config[client.customFetch] = async (url, { body }) => {
    sent.push([url, Object.fromEntries(new URLSearchParams(String(body)))])
    return page(status)
  }
  return { config, sent }
}

describe('O-098 O-099 I-109 calls', () => {
  const credentials = { client_id: 'rp', client_secret: 'a secret' }
  const openid = { ...credentials, deferred_auth_id: 'a handle' }
  const oauth = { ...credentials, token: 'a handle' }

  test.each([
    ['openid', { ...cancellation, ...revocation }, 'https://op.example/cancel', openid],
    ['openid', revocation, 'https://op.example/revoke', oauth],
    ['oauth', { ...cancellation, ...revocation }, 'https://op.example/revoke', oauth],
  ] as const)('of the %s profile, where the provider has %j: %s', async (profile, endpoints, url, body) => {
    const { config, sent } = party(endpoints)
    expect(await cancel(config, scriptedDeferral({ profile }))).toBeUndefined()
    expect(sent).toEqual([[url, body]])
  })

  test.each([
    [{ revocation_endpoint: 'https://mtls.op.example/revoke' }, 'https://mtls.op.example/revoke'],
    [{ token_endpoint: 'https://mtls.op.example/token' }, 'https://op.example/revoke'],
  ])('with certificates: the alias, if there is one (%j)', async (mtls_endpoint_aliases, url) => {
    const { config, sent } = party({ ...revocation, mtls_endpoint_aliases }, { use_mtls_endpoint_aliases: true })
    await cancel(config, scriptedDeferral())
    expect(sent.map(([to]) => to)).toEqual([url])
  })
})

test('without an endpoint the error names it, and nothing is sent', async () => {
  const { config, sent } = party(cancellation)
  const cancelled = cancel(config, scriptedDeferral())
  await expect(cancelled).rejects.toMatchObject({ name: 'ClientError', code: 'OAUTH_MISSING_SERVER_METADATA' })
  await expect(cancelled).rejects.toThrow('revocation_endpoint')
  expect(sent).toEqual([])
})

test('plain http is refused, as openid-client does', async () => {
  const { config, sent } = party({ revocation_endpoint: 'http://op.example/revoke' })
  await expect(cancel(config, scriptedDeferral())).rejects.toMatchObject({ code: 'OAUTH_HTTP_REQUEST_FORBIDDEN' })
  expect(sent).toEqual([])
})

test('a failure is that of openid-client, and it can be called again', async () => {
  const { config } = party(revocation, {}, 503)
  await expect(cancel(config, scriptedDeferral())).rejects.toMatchObject({ code: 'OAUTH_RESPONSE_IS_NOT_CONFORM' })
})
