import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { added } from '../../support/authorization.js'
import { certificateOf, certificates } from '../../support/certificates.js'
import { pollDeferral, whoeverCan } from '../../support/deferral.js'
import { startProvider, type TestProvider, withProvider } from '../../support/provider.js'
import { dpopKey, type Extras, type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { assertion, assertionGrant, customClients, registerCustomGrants } from './custom_grants.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      clients: [
        ...customClients,
        { ...customClients[0], client_id: 'demanding', dpop_bound_access_tokens: true, ...asPublic },
        { ...customClients[0], client_id: 'certified', tls_client_certificate_bound_access_tokens: true, ...asPublic },
      ] as typeof customClients,
      features: {
        mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: certificateOf as never },
      },
    },
    deferred: { defer: whoeverCan },
  })
  registerCustomGrants(op.provider, op.clock)
})
afterAll(() => op.close())

const asPublic = { token_endpoint_auth_method: 'none' as const, client_secret: undefined }
const scope = 'email offline_access'

async function send(
  rp: RelyingParty,
  params = {},
  extras: Extras = 'key' in rp && rp.key ? { dpop: rp.key } : {},
  at = op,
) {
  return rp.token({ grant_type: assertionGrant, assertion: await assertion(at.clock), scope, ...params }, extras)
}

async function approvedCode(rp: RelyingParty, extras?: Extras) {
  const { result, new: there } = await added(op, () => send(rp, { completion_mode: 'deferred' }, extras))
  if (!there[0]) throw new Error(`not deferred: ${JSON.stringify(result.body)}`)
  await op.provider.deferrals.approve(there[0].id)
  return result.body.deferral_code as string
}

describe.each(['secret', 'public'])('I-009 DPoP, %s client', (clientId) => {
  const stored = async ({ access_token: access, refresh_token: refresh }: Record<string, string>) => ({
    access: (await op.provider.AccessToken.find(access as string))?.jkt,
    refresh: (await op.provider.RefreshToken.find(refresh as string))?.jkt,
  })

  test.each(['at once', 'deferred'])('the tokens are bound to the key, as the host binds its own: %s', async (how) => {
    const rp = relyingParty(op.issuer, clientId, await dpopKey())
    const tokens = how === 'at once' ? await send(rp) : await pollDeferral(rp, await approvedCode(rp))
    expect(tokens).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
    const jkt = rp.key?.jkt
    expect(await stored(tokens.body)).toEqual({ access: jkt, refresh: clientId === 'public' ? jkt : undefined })
  })

  test('E-11 E-12 a poll with another key, or with none, is invalid_dpop_proof and changes nothing', async () => {
    const rp = relyingParty(op.issuer, clientId, await dpopKey())
    const code = await approvedCode(rp)
    for (const dpop of [await dpopKey(), undefined]) {
      expect((await pollDeferral(rp, code, {}, { dpop })).body.error).toBe('invalid_dpop_proof')
    }
    expect(await pollDeferral(rp, code)).toMatchObject({ status: 200 })
  })

  test('a proof that was used before is refused, and leaves no deferral', async () => {
    const rp = relyingParty(op.issuer, clientId)
    const key = await dpopKey()
    const extras = { headers: { dpop: await key.proof(`${op.issuer}/token`) } }
    expect((await send(rp, {}, extras)).status).toBe(200)
    const { result, ...outcome } = await added(op, () => send(rp, { completion_mode: 'deferred' }, extras))
    expect(result).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    expect(outcome.new).toEqual([])
  })
})

test('I-032 a proof that is demanded, and missing, is refused', async () => {
  const rp = relyingParty(op.issuer, 'demanding')
  for (const params of [{}, { completion_mode: 'deferred' }]) {
    const { result, ...outcome } = await added(op, () => send(rp, params))
    expect(result.status).toBe(400)
    expect(result.body.error).toMatch(/^invalid_(dpop_proof|grant)$/)
    expect(outcome.new).toEqual([])
  }
  expect(await send(relyingParty(op.issuer, 'demanding', await dpopKey()))).toMatchObject({ status: 200 })
})

describe('I-009 certificates', () => {
  const [first, second] = [certificates.first, certificates.second].map(({ header }) => ({ headers: { ...header } }))

  test.each(['at once', 'deferred'])('the tokens are bound to the certificate: %s', async (how) => {
    const rp = relyingParty(op.issuer, 'certified')
    const tokens =
      how === 'at once' ? await send(rp, {}, first) : await pollDeferral(rp, await approvedCode(rp, first), {}, first)
    expect(tokens).toMatchObject({ status: 200, body: { token_type: 'Bearer' } })
    const { access_token: access, refresh_token: refresh } = tokens.body
    const x5t = certificates.first.x5t
    expect(await op.provider.AccessToken.find(access)).toMatchObject({ 'x5t#S256': x5t })
    expect(await op.provider.RefreshToken.find(refresh)).toMatchObject({ 'x5t#S256': x5t })
  })

  test('I-032 none, or two kinds of key at once, are refused and leave no deferral', async () => {
    const rp = relyingParty(op.issuer, 'certified')
    for (const extras of [{}, { ...first, dpop: await dpopKey() }]) {
      const { result, ...outcome } = await added(op, () => send(rp, { completion_mode: 'deferred' }, extras))
      expect(result.status).toBe(400)
      expect(outcome.new).toEqual([])
    }
  })

  test('C-I10 a poll with another certificate is invalid_grant', async () => {
    const rp = relyingParty(op.issuer, 'certified')
    const code = await approvedCode(rp, first)
    expect((await pollDeferral(rp, code, {}, second)).body.error).toBe('invalid_grant')
    expect(await pollDeferral(rp, code, {}, first)).toMatchObject({ status: 200 })
  })
})

test('with dPoP off a DPoP header binds nothing, and a public client that sends one is not deferred', async () => {
  const off = { configuration: { clients: customClients, features: { dPoP: { enabled: false } } } }
  await withProvider({ ...off, deferred: { defer: whoeverCan } }, async (at) => {
    registerCustomGrants(at.provider, at.clock)
    const rp = relyingParty(at.issuer, 'public', await dpopKey())
    const answer = await send(rp, { completion_mode: 'deferred' }, { dpop: rp.key }, at)
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer' } })
  })
})
