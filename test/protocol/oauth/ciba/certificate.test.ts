import { expect, test } from 'vitest'
import { type ClientCertificate, certificateOf, certificates } from '../../../support/certificates.js'
import { held, pollDeferral } from '../../../support/deferral.js'
import { firstPoll, unclaimed } from '../../../support/direct.js'
import { cibaClients, hint, pollCiba, withPhone } from '../../../support/phone.js'
import { relyingParty } from '../../../support/relying_party.js'
import { useProvider } from '../../../support/use_provider.js'

const { first, second } = certificates
const by = (certificate: ClientCertificate) => ({ headers: { ...certificate.header } })

const { phone, options } = withPhone(
  { hint: true },
  {
    configuration: {
      clients: cibaClients.map((client) => ({ ...client, tls_client_certificate_bound_access_tokens: true })),
      features: {
        mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: certificateOf as never },
      },
    },
    deferred: { profiles: { oauth: { direct: true } } },
  },
)
const op = useProvider(options)
const error = (name: string) => ({ status: 400, body: { error: name } })
const cnf = async (token: string) =>
  (await relyingParty(op.issuer).post('/token/introspection', { token }, by(first))).body.cnf

test('X-122 X-128 N4 N10 a certificate-bound deferral: the hint and the poll of CIBA need that certificate, and the tokens carry it', async () => {
  const rp = relyingParty(op.issuer)
  const { deferralCode, id } = await held(op, rp, 'authorization_code', { extras: by(first) })
  for (const extras of [{}, by(second)]) {
    expect(await hint(rp, deferralCode, {}, extras)).toMatchObject(error('unknown_user_id'))
  }
  const { body } = await hint(rp, deferralCode, {}, by(first))
  await phone.allow(op, await phone.asked(id))
  for (const extras of [{}, by(second)]) {
    expect(await pollCiba(rp, body.auth_req_id, {}, extras)).toMatchObject(error('invalid_grant'))
  }
  const tokens = await pollCiba(rp, body.auth_req_id, {}, by(first))
  expect(await cnf(tokens.body.access_token)).toEqual({ 'x5t#S256': first.x5t })
})

test('X-028 the certificate of the first poll of a direct deferral is bound, and required from then on', async () => {
  const rp = relyingParty(op.issuer)
  const { deferralCode, id } = await unclaimed(rp)
  expect(await firstPoll(rp, deferralCode)).toMatchObject(error('invalid_grant'))
  expect(await firstPoll(rp, deferralCode, {}, by(first))).toMatchObject(error('authorization_pending'))
  await op.provider.deferrals.approve(id)
  op.clock.advance(5)
  expect(await pollDeferral(rp, deferralCode, {}, by(second))).toMatchObject(error('invalid_grant'))
  const tokens = await pollDeferral(rp, deferralCode, {}, by(first))
  expect(await cnf(tokens.body.access_token)).toEqual({ 'x5t#S256': first.x5t })
})
