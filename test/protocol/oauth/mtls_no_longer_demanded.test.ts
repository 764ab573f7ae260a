import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClientCertificate, certificateOf, certificates } from '../../support/certificates.js'
import { clients, oauthGrantType, redirectUri } from '../../support/clients.js'
import { held, pollDeferral } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { assertion, assertionGrant, registerCustomGrants } from './custom_grants.js'

let op: TestProvider
const adapter = memoryAdapter()
const { first, second } = certificates
const by = (certificate: ClientCertificate) => ({ headers: { ...certificate.header } })
const client = { client_secret: 'dynamic' }

const isBound = (tls_client_certificate_bound_access_tokens: boolean) =>
  adapter('Client').upsert(
    'dynamic',
    {
      client_id: 'dynamic',
      ...client,
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: [redirectUri],
      grant_types: [oauthGrantType, 'authorization_code', 'client_credentials', assertionGrant],
      response_types: ['code'],
      tls_client_certificate_bound_access_tokens,
    } as never,
    0,
  )

beforeAll(async () => {
  op = await startProvider({
    deferred: { defer: () => true },
    configuration: {
      adapter,
      clients: clients.filter(({ client_id }) => client_id === 'other'),
      features: {
        mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: certificateOf as never },
      },
    },
  })
  registerCustomGrants(op.provider, op.clock)
})
afterAll(() => op.close())

const extras = by(first)
const requests: Record<string, (rp: RelyingParty) => ReturnType<typeof held>> = {
  authorization_code: (rp) => held(op, rp, 'authorization_code', { params: client, extras }),
  client_credentials: (rp) => held(op, rp, 'client_credentials', { params: client, extras }),
  'a custom grant': async (rp) => {
    const own = { grant_type: assertionGrant, assertion: await assertion(op.clock), scope: 'email' }
    return held(op, rp, 'client_credentials', { params: { ...client, ...own }, extras })
  },
}

test.each(Object.keys(requests))(
  'I-009 %s: what was held with a certificate stays bound to it though its client need not have one any more',
  async (name) => {
    await isBound(true)
    const rp = relyingParty(op.issuer, 'dynamic')
    const { deferralCode, id } = await requests[name]!(rp)
    await op.provider.deferrals.approve(id)
    await isBound(false)
    for (const others of [by(second), {}]) {
      expect((await pollDeferral(rp, deferralCode, client, others)).body.error).toBe('invalid_grant')
    }
    const { status, body } = await pollDeferral(rp, deferralCode, client, extras)
    expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'Bearer' })
    const introspected = await relyingParty(op.issuer, 'other').post('/token/introspection', {
      token: body.access_token,
    })
    expect(introspected.body).toMatchObject({ active: true, cnf: { 'x5t#S256': first.x5t } })
  },
)
