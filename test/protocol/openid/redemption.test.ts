import { decodeJwt, decodeProtectedHeader } from 'jose'
import { memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approved, clientTypes, deferred, party } from '../../support/journey.js'
import { observedAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { verbsOn } from '../../support/records.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const shared = memoryStore()
const { store, calls, interrupt } = observedStore(shared)
const { adapter, interrupt: interruptHost } = observedAdapter()
const redeemed: string[] = []

beforeAll(async () => {
  const claims = { openid: ['sub', 'acr', 'amr', 'auth_time'], email: ['email', 'email_verified'] }
  op = await startProvider({ configuration: { adapter, claims }, deferred: { store } })
  op.provider.on('deferral.redeemed', ({ id }) => redeemed.push(id))
})

afterAll(() => op.close())

const request = { scope: 'openid email offline_access', prompt: 'consent', nonce: 'n-0S6', max_age: '3600' }

describe.each(clientTypes)('%s client', (clientId) => {
  test('O-062 O-063 O-065 C44 the answer is an ordinary token response', async () => {
    const rp = await party(op, clientId)
    op.user.interaction = { acr: 'urn:example:gold', amr: ['pwd', 'otp'] }
    const before = Math.floor(Date.now() / 1000)
    const { handle } = await approved(op, rp, { request })
    op.user.interaction = {}
    const { status, headers, body } = await rp.poll(handle)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('retry-after')).toBeNull()
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]{43,}$/),
      refresh_token: expect.stringMatching(/^[\w-]{43,}$/),
      id_token: expect.any(String),
      token_type: clientId === 'public' ? 'DPoP' : 'Bearer',
      expires_in: 3600,
      scope: 'openid email offline_access',
    })
    expect(decodeProtectedHeader(body.id_token)).toMatchObject({ alg: 'RS256', kid: 'op' })
    const claims = decodeJwt(body.id_token)
    expect(claims).toMatchObject({
      iss: op.issuer,
      aud: clientId,
      sub: 'alice',
      nonce: 'n-0S6',
      acr: 'urn:example:gold',
      amr: ['pwd', 'otp'],
    })
    expect(claims.auth_time).toBeGreaterThanOrEqual(before)
    expect(claims.exp).toBeGreaterThan(claims.iat!)
  })

  test('O-060 O-064 C45 afterwards invalid_grant, and the tokens keep working', async () => {
    const rp = await party(op, clientId)
    const { handle } = await approved(op, rp, { request })
    const { body: tokens } = await rp.poll(handle)
    for (let n = 0; n < 3; n++) {
      expect(await rp.poll(handle)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    }
    expect(await op.provider.AccessToken.find(tokens.access_token)).toBeDefined()
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    expect(refreshed.status).toBe(200)
  })

  test('E-01 I1 of 16 redemptions at once exactly one discloses tokens', async () => {
    const rp = await party(op, clientId)
    const { handle, id } = await approved(op, rp, { request })
    const answers = await Promise.all(Array.from({ length: 16 }, () => rp.poll(handle)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const losers = answers.filter(({ status }) => status !== 200)
    for (const { status, body } of losers) {
      expect(status).toBe(400)
      expect(['authorization_pending', 'invalid_grant']).toContain(body.error)
    }
    expect(redeemed.filter((one) => one === id)).toHaveLength(1)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'redeemed', redeemedAt: expect.any(Date) })
  })
})

test('a redemption reads once, mints, writes once, then answers', async () => {
  const rp = relyingParty(op.issuer)
  const { handle } = await approved(op, rp)
  const before = calls.length
  await rp.poll(handle)
  expect(calls.slice(before)).toEqual(['find', 'swap redeemed'])
})

describe('while another poll redeems', () => {
  test('E-01 a second one hears authorization_pending, never slow_down, and invalid_grant afterwards', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp)
    const meanwhile: string[] = []
    interrupt('swap redeemed', async () => {
      for (let n = 0; n < 3; n++) meanwhile.push((await rp.poll(handle)).body.error)
    })
    expect((await rp.poll(handle)).status).toBe(200)
    expect(meanwhile).toEqual(Array.from({ length: 3 }, () => 'authorization_pending'))
    expect((await rp.poll(handle)).body.error).toBe('invalid_grant')
  })

  test('I3 E-03 a cancellation acknowledged in the middle wins: access_denied, nothing minted is left', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await approved(op, rp, { request })
    const tokens: { AccessToken?: string; RefreshToken?: string } = {}
    op.provider.once('access_token.saved', ({ jti }) => Object.assign(tokens, { AccessToken: jti }))
    op.provider.once('refresh_token.saved', ({ jti }) => Object.assign(tokens, { RefreshToken: jti }))
    interruptHost('RefreshToken.upsert', async () => expect((await rp.cancel(handle)).status).toBe(200))
    expect(await rp.poll(handle)).toMatchObject({ status: 400, body: { error: 'access_denied' } })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
    expect(await adapter('AccessToken').find(tokens.AccessToken!)).toBeUndefined()
    expect(await adapter('RefreshToken').find(tokens.RefreshToken!)).toBeUndefined()
    expect(redeemed).not.toContain(id)
  })

  test('I4 a revocation of the grant acknowledged before minting wins', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp)
    interruptHost('Grant.find', async () => op.provider.Grant.adapter.destroy(await grantOf(handle)))
    expect(await rp.poll(handle)).toMatchObject({ status: 400, body: { error: 'access_denied' } })
  })
})

async function grantOf(handle: string): Promise<string> {
  return (await store.find(handle.slice(0, 22)))?.grantId as string
}

test('a decision in the very second of the exchange is redeemed at the first poll', async () => {
  const rp = relyingParty(op.issuer)
  const { code, id } = await deferred(op, rp)
  // on another node
  const { decide } = verbsOn(shared, op.issuer)
  interrupt('swap exchanged', () => decide(id, 'approved', {}, op.clock.now()))
  const { body } = await rp.exchange(code)
  expect((await rp.poll(body.deferred_auth_id)).status).toBe(200)
})

test('E-09 C-O18 a repeated poll after success never revokes what was delivered', async () => {
  const rp = relyingParty(op.issuer)
  const { handle } = await approved(op, rp, { request })
  const { body } = await rp.poll(handle)
  await Promise.all(Array.from({ length: 8 }, () => rp.poll(handle)))
  expect(await op.provider.AccessToken.find(body.access_token)).toBeDefined()
  expect(await op.provider.RefreshToken.find(body.refresh_token)).toBeDefined()
})
