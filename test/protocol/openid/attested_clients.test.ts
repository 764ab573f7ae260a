import { randomBytes, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { registerDeferrableGrant } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pushedUrl, requestParams, signedIn } from '../../support/authorization.js'
import { clients, grantType, oauthGrantType, redirectUri } from '../../support/clients.js'
import { deferred } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, relyingParty } from '../../support/relying_party.js'

const { version } = createRequire(import.meta.url)('oidc-provider/package.json') as { version: string }
const hasAttestation = Number(version.split('.')[1]) >= 13
if (!hasAttestation) console.log(`oidc-provider ${version} has no such attested clients, skipped`)
const describeWhere = hasAttestation ? describe : describe.skip

const customGrant = 'urn:example:custom'
const methods = ['attest_jwt_client_auth', 'attest_jwt_client_auth_dpop']

type Key = Awaited<ReturnType<typeof generateKeyPair>> & { jwk: JWK }

let op: TestProvider
let attester: Key
let mine: Key
let another: Key

beforeAll(async () => {
  if (!hasAttestation) return
  ;[attester, mine, another] = await Promise.all([newKey(), newKey(), newKey()])
  op = await startProvider({
    configuration: {
      clientAuthMethods: methods as never,
      clients: methods.map((method) => ({
        ...clients[0],
        client_id: method,
        client_secret: undefined,
        token_endpoint_auth_method: method,
        grant_types: [...(clients[0]?.grant_types ?? []), customGrant],
      })) as never,
      issueRefreshToken: () => true,
      features: {
        pushedAuthorizationRequests: { enabled: true },
        dPoP: { enabled: true, nonceSecret: randomBytes(32) },
        attestClientAuth: {
          enabled: true,
          ack: 'draft-12',
          challengeSecret: randomBytes(32),
          getAttestationSignaturePublicKey: async () => attester.publicKey as never,
          assertAttestationJwtAndPop: () => undefined,
        },
      } as never,
    },
    deferred: { defer: () => true },
  })
  registerDeferrableGrant(op.provider, customGrant, {
    validate: () => ({ accountId: 'alice', scope: 'email' }),
    async issue(ctx, { accountId, scope }) {
      const token = new op.provider.RefreshToken({
        client: ctx.oidc.client,
        accountId,
        scope,
        gty: customGrant,
      } as never)
      ctx.body = { refresh_token: await token.save() }
    },
  })
})
afterAll(() => op?.close())

async function newKey(): Promise<Key> {
  const pair = await generateKeyPair('ES256')
  return { ...pair, jwk: await exportJWK(pair.publicKey) }
}

function sign(key: Key, typ: string, claims: JWTPayload, header = {}): Promise<string> {
  return new SignJWT({ jti: randomUUID(), ...claims })
    .setIssuedAt()
    .setExpirationTime('1h')
    .setProtectedHeader({ alg: 'ES256', typ, ...header })
    .sign(key.privateKey)
}

describeWhere.each(methods)('%s', (method) => {
  const rp = () => relyingParty(op.issuer, method)

  /** What an installation of the client sends; the second method has one proof for the client and its tokens. */
  async function post(by: Key, path: string, params: Record<string, string>): Promise<Answer> {
    const claims = { sub: method, cnf: { jwk: by.jwk } }
    const attestation = { 'oauth-client-attestation': await sign(attester, 'oauth-client-attestation+jwt', claims) }
    const { body } = await rp().post('/challenge', {})
    const proofs = { aud: op.issuer, challenge: body.attestation_challenge }
    const proven = async (nonce?: string): Promise<Record<string, string>> =>
      method.endsWith('dpop')
        ? {
            dpop: await sign(
              by,
              'dpop+jwt',
              { htm: 'POST', htu: op.issuer + path, ...(nonce && { nonce }) },
              { jwk: by.jwk },
            ),
          }
        : { 'oauth-client-attestation-pop': await sign(by, 'oauth-client-attestation-pop+jwt', proofs) }
    const first = await rp().post(path, params, { headers: { ...attestation, ...(await proven()) } })
    const nonce = first.body.error === 'use_dpop_nonce' && first.headers.get('dpop-nonce')
    return nonce ? rp().post(path, params, { headers: { ...attestation, ...(await proven(nonce)) } }) : first
  }

  const exchange = (by: Key, code: string) =>
    post(by, '/token', { grant_type: grantType, deferred_code: code, redirect_uri: redirectUri })
  const poll = (by: Key, handle: string) => post(by, '/token', { grant_type: grantType, deferred_auth_id: handle })
  const pollDeferral = (by: Key, handle: string) =>
    post(by, '/token', { grant_type: oauthGrantType, deferral_code: handle })
  const get = (handle: string) => op.provider.deferrals.get(handle.slice(0, 22))

  async function waiting(): Promise<string> {
    const { code } = await deferred(op, rp())
    const { status, body } = await exchange(mine, code)
    expect({ status, body }).toMatchObject({ status: 200 })
    return body.deferred_auth_id
  }

  test('another installation polls: invalid_grant, before and after the approval', async () => {
    const handle = await waiting()
    expect((await poll(another, handle)).body.error).toBe('invalid_grant')
    expect((await poll(mine, handle)).body.error).toBe('authorization_pending')
    expect((await poll(another, handle)).body.error).toBe('invalid_grant')
    await op.provider.deferrals.approve(handle.slice(0, 22))
    expect((await poll(another, handle)).body.error).toBe('invalid_grant')
    const { status, body } = await poll(mine, handle)
    expect({ status, body }).toMatchObject({ status: 200, body: { refresh_token: expect.any(String) } })
  })

  test.each([
    ['/deferred/cancel', 'deferred_auth_id'],
    ['/token/revocation', 'token'],
  ])('another installation at %s: 200, without a change', async (path, name) => {
    const handle = await waiting()
    expect((await post(another, path, { [name]: handle })).status).toBe(200)
    expect(await get(handle)).toMatchObject({ status: 'pending' })
    expect((await post(mine, path, { [name]: handle })).status).toBe(200)
    expect(await get(handle)).toMatchObject({ status: 'cancelled' })
  })

  // the host binds such a code itself, and with one proof for both its dpop_jkt is the same key
  test('another installation exchanges the code of a pushed request: refused, the code is still usable', async () => {
    const agent = await signedIn(op, rp())
    const pushed = await post(mine, '/request', requestParams(rp()))
    const { params } = await agent.visit(pushedUrl(rp(), pushed.body.request_uri))
    const refused = await exchange(another, params.deferred_code!)
    expect(refused.body.error).toBe(method.endsWith('dpop') ? 'invalid_dpop_proof' : 'invalid_grant')
    expect((await exchange(mine, params.deferred_code!)).status).toBe(200)
  })

  test.each(['client_credentials', customGrant])('another installation polls for %s: invalid_grant', async (grant) => {
    const { body } = await post(mine, '/token', { grant_type: grant, completion_mode: 'deferred' })
    expect(body).toMatchObject({ error: 'authorization_pending' })
    await op.provider.deferrals.approve(body.deferral_code.slice(0, 22))
    expect((await pollDeferral(another, body.deferral_code)).body.error).toBe('invalid_grant')
    const tokens = await pollDeferral(mine, body.deferral_code)
    expect(tokens.status).toBe(200)
    if (grant !== customGrant) return
    const attestationJkt = await calculateJwkThumbprint(mine.jwk)
    expect(await op.provider.RefreshToken.find(tokens.body.refresh_token)).toMatchObject({ attestationJkt })
  })
})
