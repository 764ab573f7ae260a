import type { KoaContextWithOIDC } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClientCertificate, certificateOf, certificates } from '../../support/certificates.js'
import { clients } from '../../support/clients.js'
import { approved, atDoor, doors, successAt, waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { codeChallenge, codeVerifier, dpopKey, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const { first, second } = certificates
const by = (certificate: ClientCertificate, more: Record<string, string> = {}) => ({
  headers: { ...certificate.header, ...more },
})

const deferring = clients.find(({ client_id }) => client_id === 'public')
const cn = { headers: { 'x-client-subject': 'CN=first', 'x-client-verified': 'yes' } }

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      clientAuthMethods: ['none', 'client_secret_basic', 'self_signed_tls_client_auth', 'tls_client_auth'],
      clients: [
        ...clients
          .filter(({ client_id }) => client_id !== 'assertion')
          .map((client) => ({ ...client, tls_client_certificate_bound_access_tokens: true })),
        { ...deferring, client_id: 'unbound', token_endpoint_auth_method: 'none' },
        {
          ...deferring,
          client_id: 'self-signed',
          token_endpoint_auth_method: 'self_signed_tls_client_auth',
          jwks: { keys: [first.jwk] } as never,
        },
        {
          ...deferring,
          client_id: 'issued',
          token_endpoint_auth_method: 'tls_client_auth',
          tls_client_auth_subject_dn: 'CN=first',
          tls_client_certificate_bound_access_tokens: true,
        },
      ],
      features: {
        mTLS: {
          enabled: true,
          certificateBoundAccessTokens: true,
          selfSignedTlsClientAuth: true,
          tlsClientAuth: true,
          getCertificate: certificateOf as never,
          certificateAuthorized: (ctx: KoaContextWithOIDC) => ctx.get('x-client-verified') === 'yes',
          certificateSubjectMatches: (ctx: KoaContextWithOIDC, _property: string, expected: string) =>
            ctx.get('x-client-subject') === expected,
        },
      },
    },
  })
})

afterAll(() => op.close())

const pkce = {
  request: { code_challenge: codeChallenge, code_challenge_method: 'S256' },
  params: { code_verifier: codeVerifier },
}
const introspected = async (token: string) =>
  (await relyingParty(op.issuer).post('/token/introspection', { token }, by(first))).body
const pending = async (id: string) => expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })

describe.each(['secret', 'public'])('tls_client_certificate_bound_access_tokens, %s client', (clientId) => {
  const party = () => relyingParty(op.issuer, clientId)

  test('C53 the same certificate throughout: tokens bound to it', async () => {
    const rp = party()
    const { handle, id } = await waiting(op, rp, { extras: by(first) })
    expect((await rp.poll(handle, {}, by(first))).body.error).toBe('authorization_pending')
    await op.provider.deferrals.approve(id)
    const { status, body } = await rp.poll(handle, {}, by(first))
    expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'Bearer' })
    expect(await introspected(body.access_token)).toMatchObject({ active: true, cnf: { 'x5t#S256': first.x5t } })
  })

  test('C63 no certificate at the exchange: invalid_grant, nothing consumed', async () => {
    const rp = party()
    const { present, id } = await atDoor(op, rp, 'exchange')
    expect(await present()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    await pending(id)
    expect(await present({}, by(first))).toMatchObject(successAt.exchange)
  })

  test.each<[string, object]>([
    ['another certificate', by(second)],
    ['none', {}],
  ])(
    'C-I10 C32 %s at a poll is invalid_grant like an unknown handle, at a cancellation without effect',
    async (_case, extras) => {
      const rp = party()
      const { handle, id } = await waiting(op, rp, { extras: by(first) })
      const [known, unknown] = [await rp.poll(handle, {}, extras), await rp.poll('x'.repeat(65), {}, extras)]
      expect(known).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      expect(known.body).toEqual(unknown.body)
      expect(await rp.cancel(handle, {}, extras)).toMatchObject({ status: 200, body: {} })
      await pending(id)
      // nor is it a poll of the rightful client
      expect((await rp.poll(handle, {}, by(first))).body.error).toBe('authorization_pending')
      expect((await rp.cancel(handle, {}, by(first))).status).toBe(200)
      expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
    },
  )

  test('C-I10 an approval is not redeemed by another certificate, and is by the right one', async () => {
    const rp = party()
    const { handle } = await approved(op, rp, { extras: by(first) })
    for (const extras of [by(second), {}]) expect((await rp.poll(handle, {}, extras)).body.error).toBe('invalid_grant')
    expect((await rp.poll(handle, {}, by(first))).status).toBe(200)
  })
})

test('O-083 a certificate satisfies requireSenderConstraint for a public client', async () => {
  const rp = relyingParty(op.issuer, 'public')
  const { present } = await atDoor(op, rp, 'exchange')
  expect(await present({}, by(first))).toMatchObject(successAt.exchange)
})

test('O-083 but not where tokens are not bound to it', async () => {
  const rp = relyingParty(op.issuer, 'unbound')
  const { present } = await atDoor(op, rp, 'exchange', { request: pkce.request })
  expect(await present(pkce.params, by(first))).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
  expect(await present(pkce.params, { ...by(first), dpop: await dpopKey() })).toMatchObject(successAt.exchange)
})

test('two proofs of possession at once are invalid_request as at the host, and neither code nor approval is lost', async () => {
  const rp = relyingParty(op.issuer)
  const twice = { ...by(first), dpop: await dpopKey() }
  const { present, id } = await atDoor(op, rp, 'exchange')
  expect(await present({}, twice)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  const { body } = await present({}, by(first))
  await op.provider.deferrals.approve(id)
  expect(await rp.poll(body.deferred_auth_id, {}, twice)).toMatchObject({
    status: 400,
    body: { error: 'invalid_request' },
  })
  expect((await rp.poll(body.deferred_auth_id, {}, by(first))).status).toBe(200)
})

describe.each(doors)('client authentication by certificate at %s', (door) => {
  test.each([
    ['self-signed', by(first), by(second)],
    ['self-signed', by(first), {}],
    ['issued', by(first, cn.headers), by(first, { ...cn.headers, 'x-client-subject': 'CN=second' })],
    ['issued', by(first, cn.headers), by(first, { ...cn.headers, 'x-client-verified': 'no' })],
    ['issued', by(first, cn.headers), cn],
  ])('C26 C32 the %s client (case %#) is let in by its certificate and by no other', async (clientId, right, wrong) => {
    const rp = relyingParty(op.issuer, clientId)
    const { id, present } = await atDoor(op, rp, door, { ...pkce, extras: right })
    const params = door === 'exchange' ? pkce.params : {}
    expect(await present(params, wrong)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    await pending(id)
    expect(await present(params, right)).toMatchObject(successAt[door])
  })

  test("C32 a valid certificate with another client's id is refused", async () => {
    const { id, present } = await atDoor(op, relyingParty(op.issuer, 'self-signed'), door, {
      ...pkce,
      extras: by(first),
    })
    const thief = relyingParty(op.issuer, 'issued')
    const refused = await present(pkce.params, by(first), thief)
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    await pending(id)
  })
})
