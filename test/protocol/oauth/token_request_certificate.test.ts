import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { added } from '../../support/authorization.js'
import { certificateOf, certificates } from '../../support/certificates.js'
import { clients } from '../../support/clients.js'
import { authorizationCode, grants, redeem } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, type Extras, relyingParty } from '../../support/relying_party.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      clients: clients.map((client) => ({ ...client, tls_client_certificate_bound_access_tokens: true })),
      features: {
        mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: certificateOf as never },
      },
    },
    deferred: { defer: () => true },
  })
})
afterAll(() => op.close())

const certificate = { headers: { ...certificates.first.header } }

const send = async (grant: (typeof grants)[number], extras: Extras, clientId = 'secret') => {
  const rp = relyingParty(op.issuer, clientId)
  const params = { completion_mode: 'deferred' }
  if (grant === 'client_credentials') return rp.token({ grant_type: grant, ...params }, extras)
  return redeem(rp, await authorizationCode(rp), params, extras)
}

describe.each(grants)('%s', (grant) => {
  test('I-032 a missing certificate is refused, and leaves no deferral', async () => {
    const { result, ...outcome } = await added(op, () => send(grant, {}))
    expect(result).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(outcome.new).toEqual([])
  })

  test('I-009 with the certificate it is deferred, and the tokens are bound to it', async () => {
    const { result, ...outcome } = await added(op, () => send(grant, certificate))
    expect(result.body.error).toBe('authorization_pending')
    await op.provider.deferrals.approve(outcome.new[0]!.id)
    const poll = { grant_type: 'urn:ietf:params:oauth:grant-type:deferred', deferral_code: result.body.deferral_code }
    const tokens = await relyingParty(op.issuer).token(poll, certificate)
    expect(tokens.status).toBe(200)
    const { AccessToken, ClientCredentials } = op.provider
    const find = (value: string) =>
      grant === 'client_credentials' ? ClientCredentials.find(value) : AccessToken.find(value)
    expect(await find(tokens.body.access_token)).toMatchObject({ 'x5t#S256': certificates.first.x5t })
  })

  test('I-033 two kinds of key at once are refused as the host does', async () => {
    const both = { ...certificate, dpop: await dpopKey() }
    const { result, ...outcome } = await added(op, () => send(grant, both))
    expect(result.status).toBe(400)
    expect(result.body).not.toHaveProperty('deferral_code')
    expect(outcome.new).toEqual([])
  })
})

test('C-I06 a public client whose tokens are bound to its certificate is deferred', async () => {
  const { result } = await added(op, () => send('authorization_code', certificate, 'public'))
  expect(result.body).toMatchObject({ error: 'authorization_pending', deferral_code: expect.any(String) })
})
