import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { cancel, deferrable, deferredCodeExchange, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { Agent, fetch } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthority, type ServerCertificate } from '../support/authority.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { userAgent } from '../support/user_agent.js'
import { authorizationUrl, checks, idOf, named, statusOf } from './relying_parties.js'

let op: TestProvider
let server: Server
let ca: string
let certificate: ServerCertificate

const peerOf = (ctx: KoaContextWithOIDC) => (ctx.socket as TLSSocket).getPeerCertificate?.()

beforeAll(async () => {
  const authority = await createAuthority()
  ca = authority.ca
  certificate = await authority.issue(['client.example'])
  server = createServer({ ...(await authority.issue(['localhost'])), ca, requestCert: true, rejectUnauthorized: false })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  op = await startProvider({
    issuer: `https://localhost:${(server.address() as AddressInfo).port}`,
    deferred: { defer: () => true, now: undefined as never },
    configuration: {
      clientAuthMethods: ['tls_client_auth'],
      clients: [
        named('tls', {
          token_endpoint_auth_method: 'tls_client_auth',
          tls_client_auth_san_dns: 'client.example',
          tls_client_certificate_bound_access_tokens: true,
        }),
      ],
      features: {
        mTLS: {
          enabled: true,
          certificateBoundAccessTokens: true,
          tlsClientAuth: true,
          getCertificate: (ctx) => {
            const raw = peerOf(ctx)?.raw
            return raw && new X509Certificate(raw).toString()
          },
          certificateAuthorized: (ctx) => (ctx.socket as TLSSocket).authorized,
          certificateSubjectMatches: (ctx, _property, expected) => peerOf(ctx).subjectaltname === `DNS:${expected}`,
        },
      },
    },
  })
  server.on('request', op.provider.callback())
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await op.close()
})

/** A client whose connections have this certificate, over a fetch that is not the one of the runtime. */
async function party(own?: ServerCertificate) {
  const dispatcher = new Agent({ connect: { ca, ...own } })
  const send = (url: string, options: object) => fetch(url, { ...options, dispatcher }) as Promise<object>
  const config = await client.discovery(new URL(op.issuer), 'tls', {}, client.TlsClientAuth(), {
    [client.customFetch]: send as client.CustomFetch,
  })
  return { config, close: () => dispatcher.close() }
}

test('real mutual TLS: both profiles, from the first request to tokens', async () => {
  const { config, close } = await party(certificate)
  const atOrigin = authorizationUrl(config).href.replace(op.issuer, op.origin)
  const { url } = await userAgent().visit(atOrigin)
  const openid = await deferredCodeExchange(config, url!, checks)
  const { deferral: oauth } = await deferrable(config, (added) => client.clientCredentialsGrant(config, added))
  for (const deferral of [openid, oauth!]) {
    await op.provider.deferrals.approve(idOf(deferral))
    const { access_token } = await wait(config, deferral)
    expect(await client.tokenIntrospection(config, access_token)).toMatchObject({
      active: true,
      cnf: { 'x5t#S256': expect.any(String) },
    })
  }
  await close()
})

test('the handle belongs to the certificate, and cancellation needs it', async () => {
  const { config, close } = await party(certificate)
  const { deferral } = await deferrable(config, (added) => client.clientCredentialsGrant(config, added))
  const stranger = await party()
  await expect(cancel(stranger.config, deferral!)).rejects.toThrow()
  expect(await statusOf(op, deferral!)).toBe('pending')
  await cancel(config, deferral!)
  expect(await statusOf(op, deferral!)).toBe('cancelled')
  await Promise.all([close(), stranger.close()])
})
