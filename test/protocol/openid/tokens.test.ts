import { compactDecrypt, createRemoteJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Deferral } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients, redirectUri } from '../../support/clients.js'
import { approved, clientTypes, type Detour, party, waiting } from '../../support/journey.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider
const { store } = observedStore()
const adapter = memoryAdapter()
const encryption = generateKeyPair('ECDH-ES+A128KW', { crv: 'P-256' })
const encrypted = {
  id_token_encrypted_response_alg: 'ECDH-ES+A128KW',
  id_token_encrypted_response_enc: 'A256GCM',
  subject_type: 'pairwise',
} as const
const seen: { claims: unknown[]; account: unknown[] } = { claims: [], account: [] }
const deferralOf = ({ oidc }: KoaContextWithOIDC) =>
  (oidc.entities as unknown as { Deferral?: Deferral }).Deferral?.status

beforeAll(async () => {
  const key = { ...(await exportJWK((await encryption).publicKey)), use: 'enc', alg: 'ECDH-ES+A128KW', kid: 'enc' }
  const jwks = { keys: [key] } as never
  op = await startProvider({
    deferred: { store },
    configuration: {
      adapter,
      clients: clients.map((client) => (client.client_id === 'other' ? { ...client, ...encrypted, jwks } : client)),
      subjectTypes: ['public', 'pairwise'],
      pairwiseIdentifier: (_ctx, accountId) => `pairwise-${accountId}`,
      enabledJWA: { idTokenEncryptionAlgValues: ['ECDH-ES+A128KW'] },
      claims: { openid: ['sub', 'acr', 'amr', 'auth_time'], email: ['email', 'email_verified'] },
      features: { claimsParameter: { enabled: true }, encryption: { enabled: true } },
      findAccount: (ctx, sub) => {
        seen.account.push(deferralOf(ctx))
        return {
          accountId: sub,
          claims: () => {
            seen.claims.push(deferralOf(ctx))
            return { sub, email: `${sub}@example.com`, email_verified: true }
          },
        }
      },
    },
  })
})

afterAll(() => op.close())

async function tokens(rp: RelyingParty, detour: Detour = {}) {
  const { handle } = await approved(op, rp, detour)
  const { status, body } = await rp.poll(handle)
  expect(status).toBe(200)
  return body
}

async function claimsOf(jwt: string, audience: string) {
  const keys = createRemoteJWKSet(new URL(`${op.issuer}/jwks`))
  return (await jwtVerify(jwt, keys, { issuer: op.issuer, audience })).payload
}

const userinfo = async (accessToken: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${op.issuer}/me`, { headers: { authorization: `Bearer ${accessToken}`, ...headers } })
  return response.json() as Promise<Record<string, unknown>>
}

const offline = { scope: 'openid email offline_access', prompt: 'consent' }

describe.each(clientTypes)('%s client', (clientId) => {
  test('O-063 C44 the ID Token verifies, and says what that of the code flow says', async () => {
    const rp = await party(op, clientId)
    const agent = userAgent()
    const request = { nonce: 'n', max_age: '3600', claims: '{"id_token":{"email":{"essential":true}}}' }
    const { body: direct } = await codeFlow(rp, agent, request)
    const { id_token: deferredToken } = await tokens(rp, { agent, request })
    const { iat: _, exp: __, at_hash: ___, ...expected } = decodeJwt(direct.id_token)
    const { iat, exp, at_hash: ____, ...claims } = await claimsOf(deferredToken, clientId)
    expect(claims).toEqual(expected)
    expect(claims).toMatchObject({ nonce: 'n', email: 'alice@example.com', auth_time: expect.any(Number) })
    expect(exp! - iat!).toBe(3600)
  })

  test('C52 the claims of a refreshed ID Token are those of the first', async () => {
    const rp = await party(op, clientId)
    const first = await tokens(rp, { request: { ...offline, nonce: 'n', max_age: '3600' } })
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: first.refresh_token })
    expect(refreshed.status).toBe(200)
    const { iat: _, exp: __, at_hash: ___, ...before } = await claimsOf(first.id_token, clientId)
    const { iat: _iat, exp: _exp, at_hash: _hash, ...after } = await claimsOf(refreshed.body.id_token, clientId)
    expect(after).toEqual(before)
  })

  test('C51 a refresh token is nothing to another client or without authentication', async () => {
    const rp = await party(op, clientId)
    const { refresh_token } = await tokens(rp, { request: offline })
    const params = { grant_type: 'refresh_token', refresh_token }
    const other = relyingParty(op.issuer, 'other', rp.key)
    expect(await other.token(params)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    const nobody = await relyingParty(op.issuer, 'nobody', rp.key).token(params)
    expect(nobody).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect((await rp.token(params)).status).toBe(200)
  })
})

/** The host's own authorization code flow, with the same client. */
async function codeFlow(rp: RelyingParty, agent: ReturnType<typeof userAgent>, request: Record<string, string>) {
  const { params } = await agent.visit(rp.authorizationUrl({ ...request, response_type: 'code' }))
  const code_verifier = rp.clientId === 'public' ? 'a-code-verifier-that-is-at-least-43-characters-long' : undefined
  return rp.token({ grant_type: 'authorization_code', code: params.code, redirect_uri: redirectUri, code_verifier })
}

describe('what is issued', () => {
  test('C50 tokens have allowed characters only and are long enough', async () => {
    const { access_token, refresh_token } = await tokens(relyingParty(op.issuer), { request: offline })
    for (const token of [access_token, refresh_token]) expect(token).toMatch(/^[\w-]{43,}$/)
    expect(access_token).not.toBe(refresh_token)
  })

  test('O-062 without offline_access there is no refresh token', async () => {
    expect(await tokens(relyingParty(op.issuer))).not.toHaveProperty('refresh_token')
  })

  test('O-062 without openid there is no ID Token', async () => {
    const body = await tokens(relyingParty(op.issuer), { request: { scope: 'payments' } })
    expect(body).toMatchObject({ scope: 'payments', access_token: expect.any(String) })
    expect(body).not.toHaveProperty('id_token')
  })

  test('O-063 the access token opens userinfo and reads as active', async () => {
    const rp = relyingParty(op.issuer)
    const { access_token } = await tokens(rp, { request: { scope: 'openid email' } })
    expect(await userinfo(access_token)).toEqual({ sub: 'alice', email: 'alice@example.com', email_verified: true })
    const { body } = await rp.post('/token/introspection', { token: access_token })
    expect(body).toMatchObject({ active: true, client_id: 'secret', scope: 'openid email', token_type: 'Bearer' })
  })

  test('O-063 a pairwise subject and an encrypted ID Token', async () => {
    const { id_token, access_token } = await tokens(relyingParty(op.issuer, 'other'))
    const { plaintext, protectedHeader } = await compactDecrypt(id_token, (await encryption).privateKey)
    expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES+A128KW', enc: 'A256GCM' })
    const { sub } = await claimsOf(new TextDecoder().decode(plaintext), 'other')
    expect(sub).toBe('pairwise-alice')
    expect((await userinfo(access_token)).sub).toBe('pairwise-alice')
  })
})

describe('C-I13 C-O15 E-36 who authenticated when, how', () => {
  test('is what it was at the authorization, not at the redemption', async () => {
    const rp = relyingParty(op.issuer)
    const agent = userAgent()
    op.user.interaction = { acr: '1', amr: ['pwd'] }
    const { id } = await waiting(op, rp, { agent })
    op.user.interaction = {}
    const loginTs = Math.floor(Date.now() / 1000) - 1000
    const uid = (await store.find(id))?.source.sessionUid as string
    const session = (await adapter('Session').findByUid(uid)) as { jti: string }
    await adapter('Session').upsert(session.jti, { ...session, loginTs } as never, 1000)

    const { handle } = await approved(op, rp, { agent, request: { nonce: 'n', max_age: '3600' } })
    op.clock.advance(80_000)
    const claims = decodeJwt((await rp.poll(handle)).body.id_token)
    expect(claims).toMatchObject({ auth_time: loginTs, acr: '1', amr: ['pwd'], nonce: 'n' })
  })
})

test("the integrator's callbacks see the deferral while it is exchanged and redeemed", async () => {
  const rp = relyingParty(op.issuer)
  seen.account.length = seen.claims.length = 0
  await tokens(rp)
  expect(seen.account).toEqual(expect.arrayContaining(['pending', 'approved']))
  expect(seen.claims.at(-1)).toBe('approved')
})
