import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorizationCode, held, pollDeferral, redeem } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { codeChallenge, codeVerifier, dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({ deferred: { defer: () => true } })
})
afterAll(() => op.close())

const opted = { completion_mode: 'deferred' }
const pkce = { code_challenge: codeChallenge, code_challenge_method: 'S256' }
const verifier = { code_verifier: codeVerifier }
const status = async (id: string) => (await op.provider.deferrals.get(id))?.status

async function heldCode(rp: RelyingParty, request: Record<string, string> = {}) {
  const { code, ...held_ } = await held(op, rp, 'authorization_code', {
    request: { ...pkce, ...request },
    params: verifier,
  })
  return { ...held_, code: code as string }
}

const replays: Record<string, Record<string, string>> = {
  'with an opt-in': opted,
  'without one': {},
  'with a notification token': { ...opted, client_notification_token: 'a' },
}

describe.each(['secret', 'public'])('%s client', (clientId) => {
  const party = async () => relyingParty(op.issuer, clientId, clientId === 'public' ? await dpopKey() : undefined)

  test.each(Object.keys(replays))('C-I17 E-09 a replay %s is invalid_grant, and ends the deferral', async (name) => {
    const rp = await party()
    const { code, id, deferralCode } = await heldCode(rp)
    const again = await redeem(rp, code, { ...verifier, ...replays[name] })
    expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(again.body).not.toHaveProperty('deferral_code')
    expect(await status(id)).toBe('cancelled')
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
  })

  test('C-I17 a replay of a code that came with a hint, its opt-in forgotten, ends the deferral as well', async () => {
    const rp = await party()
    const { code, id } = await heldCode(rp, opted)
    expect((await redeem(rp, code, verifier)).body.error).toBe('invalid_grant')
    expect(await status(id)).toBe('cancelled')
  })

  test('C-I17 a replay after approval: no tokens are issued any more', async () => {
    const rp = await party()
    const { code, id, deferralCode } = await heldCode(rp)
    await op.provider.deferrals.approve(id)
    expect((await redeem(rp, code, { ...verifier, ...opted })).body.error).toBe('invalid_grant')
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled', decision: {} })
  })

  test('C-I17 a replay after redemption revokes the tokens', async () => {
    const rp = await party()
    const { code, id, deferralCode } = await heldCode(rp, { scope: 'openid offline_access', prompt: 'consent' })
    await op.provider.deferrals.approve(id)
    const { body: tokens } = await pollDeferral(rp, deferralCode)
    expect(tokens).toMatchObject({ access_token: expect.any(String), refresh_token: expect.any(String) })
    expect((await redeem(rp, code, { ...verifier, ...opted })).body.error).toBe('invalid_grant')
    expect(await op.provider.AccessToken.find(tokens.access_token)).toBeUndefined()
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    expect(refreshed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await status(id)).toBe('redeemed')
  })
})

describe('C-I17 E-16 a replay that fails any other check changes nothing', () => {
  const attempts: Record<string, (rp: RelyingParty, code: string) => Promise<{ status: number }>> = {
    'by another client': (_rp, code) => redeem(relyingParty(op.issuer, 'other'), code, { ...verifier, ...opted }),
    'with a wrong verifier': (rp, code) => redeem(rp, code, { ...opted, code_verifier: `${codeVerifier}x` }),
    'without a verifier': (rp, code) => redeem(rp, code, opted),
    'with a wrong redirect_uri': (rp, code) => redeem(rp, code, { ...verifier, redirect_uri: 'https://rp.example/x' }),
    'without client authentication': (rp, code) =>
      redeem(rp, code, verifier, { headers: { authorization: 'Basic c2VjcmV0Ondyb25n' } }),
    'with a broken proof': (rp, code) => redeem(rp, code, verifier, { headers: { dpop: 'broken' } }),
  }

  test.each(Object.keys(attempts))('%s', async (name) => {
    const rp = relyingParty(op.issuer)
    const { code, id, deferralCode } = await heldCode(rp)
    expect((await attempts[name]!(rp, code)).status).toBeGreaterThanOrEqual(400)
    expect(await status(id)).toBe('pending')
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('authorization_pending')
  })

  test('nor does one after redemption touch the tokens', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id, deferralCode } = await heldCode(rp)
    await op.provider.deferrals.approve(id)
    const { body: tokens } = await pollDeferral(rp, deferralCode)
    for (const attempt of Object.values(attempts)) await attempt(rp, code)
    expect(await op.provider.AccessToken.find(tokens.access_token)).toBeDefined()
    expect(await status(id)).toBe('redeemed')
  })
})

describe('C-I17 what was ended before stays as it was', () => {
  test.each(['denied', 'cancelled'] as const)('a replay of the code of a %s deferral', async (ended) => {
    const rp = relyingParty(op.issuer)
    const { code, id, deferralCode } = await heldCode(rp)
    await op.provider.deferrals[ended === 'denied' ? 'deny' : 'cancel'](id, { by: 'reviewer' })
    const before = await op.provider.deferrals.get(id)
    expect((await redeem(rp, code, { ...verifier, ...opted })).body.error).toBe('invalid_grant')
    expect(await op.provider.deferrals.get(id)).toEqual(before)
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
  })
})

test('C-I17 of 16 requests with one code at once at most one is deferred, and it is ended', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  const created: string[] = []
  const cancelled: string[] = []
  op.provider.on('deferral.created', ({ id }) => created.push(id))
  op.provider.on('deferral.cancelled', ({ id }) => cancelled.push(id))
  const answers = await Promise.all(Array.from({ length: 16 }, () => redeem(rp, code, opted)))
  const deferred = answers.filter(({ body }) => body.deferral_code)
  expect(deferred.length).toBeLessThanOrEqual(1)
  expect(answers.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(16 - deferred.length)
  expect(cancelled).toHaveLength(1)
  // whoever came second may have been there before there was anything to end
  expect([[], cancelled]).toContainEqual(created)
  const [first] = deferred
  if (first) {
    const polled = await pollDeferral(rp, first.body.deferral_code)
    expect(polled.body.error).toBe('access_denied')
  }
})

test('C-X03 the code of response_type=deferred_code code is deferred like any other, and replayed like any other', async () => {
  const plain = await startProvider({ deferred: { defer: (_ctx, { profile }) => profile === 'oauth' } })
  const combined = relyingParty(plain.issuer)
  const code = await authorizationCode(combined, { response_type: 'deferred_code code' })
  const first = await redeem(combined, code, opted)
  expect(first.body).toMatchObject({ error: 'authorization_pending', deferral_code: expect.any(String) })
  expect((await redeem(combined, code, opted)).body.error).toBe('invalid_grant')
  expect((await pollDeferral(combined, first.body.deferral_code)).body.error).toBe('access_denied')
  await plain.close()
})
