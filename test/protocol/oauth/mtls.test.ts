import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClientCertificate, certificateOf, certificates } from '../../support/certificates.js'
import { clients } from '../../support/clients.js'
import { held, pollDeferral, request, revoke } from '../../support/deferral.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const { first, second } = certificates
const { store } = observedStore()
const by = (certificate: ClientCertificate) => ({ headers: { ...certificate.header } })

const deferring = clients.find(({ client_id }) => client_id === 'secret')

beforeAll(async () => {
  op = await startProvider({
    deferred: { store, defer: () => true },
    configuration: {
      clientAuthMethods: ['none', 'client_secret_basic', 'self_signed_tls_client_auth'],
      clients: [
        ...clients
          .filter(({ client_id }) => client_id !== 'assertion')
          .map((client) => ({ ...client, tls_client_certificate_bound_access_tokens: true })),
        {
          ...deferring,
          client_id: 'self-signed',
          client_secret: undefined as never,
          token_endpoint_auth_method: 'self_signed_tls_client_auth',
          jwks: { keys: [first.jwk] } as never,
        },
      ],
      features: {
        mTLS: {
          enabled: true,
          certificateBoundAccessTokens: true,
          selfSignedTlsClientAuth: true,
          getCertificate: certificateOf as never,
        },
      },
    },
  })
})

afterAll(() => op.close())

const unknown = 'x'.repeat(65)
const deferrals = () => op.provider.deferrals
const status = async (id: string) => (await deferrals().get(id))?.status
const introspected = async (token: string) =>
  (await relyingParty(op.issuer).post('/token/introspection', { token }, by(first))).body

describe.each([
  ['authorization_code', 'secret'],
  ['authorization_code', 'public'],
  ['client_credentials', 'secret'],
] as const)('%s, %s client whose tokens are bound to its certificate', (grant, clientId) => {
  const rp = () => relyingParty(op.issuer, clientId)

  test('I-009 I-084 I-085 one certificate throughout: the tokens are bound to it', async () => {
    const { deferralCode, id } = await held(op, rp(), grant, { extras: by(first) })
    expect((await store.find(id))?.binding).toEqual({ x5t: first.x5t })
    expect((await pollDeferral(rp(), deferralCode, {}, by(first))).body.error).toBe('authorization_pending')
    await deferrals().approve(id)
    const { status, body } = await pollDeferral(rp(), deferralCode, {}, by(first))
    expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'Bearer' })
    expect(await introspected(body.access_token)).toMatchObject({ active: true, cnf: { 'x5t#S256': first.x5t } })
  })

  test.each<[string, object]>([
    ['another one', by(second)],
    ['none', {}],
  ])('C-I10 with %s a poll is invalid_grant as for an unknown code, in every state', async (_case, extras) => {
    const { deferralCode, id } = await held(op, rp(), grant, { extras: by(first) })
    const polled = (code: string, by_: object) => pollDeferral(rp(), code, {}, by_)
    const missed = await polled(unknown, extras)
    expect(missed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    const steps = [
      async () => undefined,
      () => deferrals().approve(id),
      async () => expect((await polled(deferralCode, by(first))).status).toBe(200),
    ]
    for (const step of steps) {
      await step()
      const known = await polled(deferralCode, extras)
      expect([known.status, known.body]).toEqual([missed.status, missed.body])
    }
  })

  test('C-I10 such polls use up none of the rightful ones', async () => {
    const { deferralCode } = await held(op, rp(), grant, { extras: by(first) })
    for (const extras of [by(second), {}]) await pollDeferral(rp(), deferralCode, {}, extras)
    expect((await pollDeferral(rp(), deferralCode, {}, by(first))).body.error).toBe('authorization_pending')
    expect((await pollDeferral(rp(), deferralCode, {}, by(first))).body.error).toBe('slow_down')
  })

  test('I-112 C-I10 with another, or none, a revocation is 200 without a change', async () => {
    const { deferralCode, id } = await held(op, rp(), grant, { extras: by(first) })
    for (const extras of [by(second), {}]) {
      expect(await revoke(rp(), deferralCode, {}, extras)).toMatchObject({ status: 200, body: '' })
      expect(await status(id)).toBe('pending')
    }
    expect(await revoke(rp(), deferralCode, {}, by(first))).toMatchObject({ status: 200, body: '' })
    expect(await status(id)).toBe('cancelled')
  })

  test('I-033 a request without a certificate is refused as the grant refuses it, and not deferred', async () => {
    const { answer } = await request(rp(), grant)
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('a key beside the certificate is invalid_request, and the approval is not lost', async () => {
    const { deferralCode, id } = await held(op, rp(), grant, { extras: by(first) })
    await deferrals().approve(id)
    const both = { ...by(first), dpop: await dpopKey() }
    expect((await pollDeferral(rp(), deferralCode, {}, both)).body.error).toBe('invalid_request')
    expect((await pollDeferral(rp(), deferralCode, {}, by(first))).status).toBe(200)
  })
})

describe.each(['authorization_code', 'client_credentials'] as const)(
  '%s of a client that is its certificate',
  (grant) => {
    test('I-057 I-091 I-110 is let in by it, and by no other, wherever the code is shown', async () => {
      const rp = relyingParty(op.issuer, 'self-signed')
      const { deferralCode, id } = await held(op, rp, grant, { extras: by(first) })
      const refused = { status: 401, body: { error: 'invalid_client' } }
      for (const extras of [by(second), {}]) {
        expect(await pollDeferral(rp, deferralCode, {}, extras)).toMatchObject(refused)
        expect(await revoke(rp, deferralCode, {}, extras)).toMatchObject(refused)
      }
      expect(await status(id)).toBe('pending')
      await deferrals().approve(id)
      expect((await pollDeferral(rp, deferralCode, {}, by(first))).status).toBe(200)
    })
  },
)
