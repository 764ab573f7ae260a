import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approved, deferred, party } from '../../support/journey.js'
import { observedAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { codeChallenge, codeVerifier, dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'

let op: TestProvider

const { store, failNext } = observedStore()
const { adapter, interrupt } = observedAdapter()

beforeAll(async () => {
  op = await startProvider({ configuration: { adapter }, deferred: { store } })
})

afterAll(() => op.close())

/** A code that was exchanged once. */
async function spent(rp: RelyingParty, request: Record<string, string> = {}) {
  const { code, id } = await deferred(op, rp, { request })
  const { body } = await rp.exchange(code)
  return { code, id, handle: body.deferred_auth_id as string }
}

const status = async (id: string) => (await op.provider.deferrals.get(id))?.status

describe.each(['secret', 'public'])('%s client', (clientId) => {
  test.each([
    ['C17 at once', 0],
    ['C18 after 1 s', 1],
    ['C18 after 30 s', 30],
    ['C18 after the code would have expired', 3600],
  ])('O-034 O-045 O-051 a second exchange is invalid_grant and cancels: %s', async (_when, seconds) => {
    const rp = await party(op, clientId)
    const { code, id, handle } = await spent(rp)
    op.clock.advance(seconds)
    const again = await rp.exchange(code)
    expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(again.body).not.toHaveProperty('deferred_auth_id')
    expect(await status(id)).toBe('cancelled')
    expect(await rp.poll(handle)).toMatchObject({ status: 400, body: { error: 'access_denied' } })
  })

  test('C18 reuse after approval cancels, and no tokens are issued any more', async () => {
    const rp = await party(op, clientId)
    const { code, id, handle } = await spent(rp)
    await op.provider.deferrals.approve(id)
    expect((await rp.exchange(code)).body.error).toBe('invalid_grant')
    expect(await rp.poll(handle)).toMatchObject({ status: 400, body: { error: 'access_denied' } })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled', decision: {} })
  })

  test("C18 reuse after redemption revokes the grant's tokens", async () => {
    const rp = await party(op, clientId)
    const { code, id, handle } = await spent(rp, { scope: 'openid offline_access', prompt: 'consent' })
    await op.provider.deferrals.approve(id)
    const { body: tokens } = await rp.poll(handle)
    expect((await rp.exchange(code)).body.error).toBe('invalid_grant')
    expect(await op.provider.AccessToken.find(tokens.access_token)).toBeUndefined()
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    expect(refreshed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await status(id)).toBe('redeemed')
  })
})

test('C18 E-03 a redemption that overtakes the second exchange loses its tokens all the same', async () => {
  const rp = relyingParty(op.issuer)
  const { code, id, handle } = await spent(rp)
  await op.provider.deferrals.approve(id)
  let tokens: { access_token: string } | undefined
  interrupt('Grant.find', async () => {
    tokens = (await rp.poll(handle)).body
  })
  expect((await rp.exchange(code)).body.error).toBe('invalid_grant')
  expect(tokens).toMatchObject({ access_token: expect.any(String) })
  expect(await op.provider.AccessToken.find(tokens!.access_token)).toBeUndefined()
})

test('C17 the signal is not lost with a fault of the store: it is given again', async () => {
  const rp = relyingParty(op.issuer)
  const { code, id, handle } = await spent(rp)
  for (let n = 0; n < 2; n++) failNext('swap cancelled')
  expect((await rp.exchange(code)).status).toBe(500)
  expect(await status(id)).toBe('pending')
  expect((await rp.exchange(code)).body.error).toBe('invalid_grant')
  expect((await rp.poll(handle)).body.error).toBe('access_denied')
})

describe('reuse that fails any other check changes nothing', () => {
  const pkce = { code_challenge: codeChallenge, code_challenge_method: 'S256' }
  const verifier = { code_verifier: codeVerifier }
  const attempts: Record<string, (rp: RelyingParty, code: string) => Promise<{ status: number }>> = {
    'by another client': (_rp, code) => relyingParty(op.issuer, 'other').exchange(code, verifier),
    'with a wrong verifier': (rp, code) => rp.exchange(code, { code_verifier: `${codeVerifier}x` }),
    'without a verifier': (rp, code) => rp.exchange(code),
    'with a wrong redirect_uri': (rp, code) => rp.exchange(code, { ...verifier, redirect_uri: 'https://rp.example/x' }),
    'without client authentication': (rp, code) =>
      rp.exchange(code, verifier, { headers: { authorization: 'Basic c2VjcmV0Ondyb25n' } }),
    'with a broken proof': (rp, code) => rp.exchange(code, verifier, { headers: { dpop: 'broken' } }),
    'with both handles': (rp, code) => rp.exchange(code, { ...verifier, deferred_auth_id: 'x' }),
    'with a notification token that is none': (rp, code) =>
      rp.exchange(code, { ...verifier, deferred_notification_token: 'a b' }),
  }

  test.each(Object.keys(attempts))('C17 E-16 %s', async (name) => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await deferred(op, rp, { request: pkce })
    const { body } = await rp.exchange(code, verifier)
    expect((await attempts[name]!(rp, code)).status).toBeGreaterThanOrEqual(400)
    expect(await status(id)).toBe('pending')
    expect((await rp.poll(body.deferred_auth_id)).body.error).toBe('authorization_pending')
  })

  test('C17 E-16 with another key than the one shown first, or with none', async () => {
    const rp = await party(op, 'public')
    const { code, id } = await spent(rp)
    expect((await rp.exchange(code, {}, { dpop: await dpopKey() })).body.error).toBe('invalid_dpop_proof')
    expect((await rp.exchange(code, {}, { dpop: undefined })).body.error).toBe('invalid_dpop_proof')
    expect(await status(id)).toBe('pending')
  })

  test('C18 a wrong verifier after redemption leaves the tokens alone', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await deferred(op, rp, { request: pkce })
    const { body } = await rp.exchange(code, verifier)
    await op.provider.deferrals.approve(id)
    const { body: tokens } = await rp.poll(body.deferred_auth_id)
    expect((await rp.exchange(code, { code_verifier: `${codeVerifier}x` })).body.error).toBe('invalid_grant')
    expect(await op.provider.AccessToken.find(tokens.access_token)).toBeDefined()
  })
})

describe('what was ended before stays as it was', () => {
  test.each(['denied', 'cancelled'] as const)('C17 reuse of the code of a %s deferral', async (ended) => {
    const rp = relyingParty(op.issuer)
    const { code, id, handle } = await spent(rp)
    await op.provider.deferrals[ended === 'denied' ? 'deny' : 'cancel'](id, { by: 'reviewer' })
    expect((await rp.exchange(code)).body.error).toBe('invalid_grant')
    expect(await status(id)).toBe(ended)
    expect((await rp.poll(handle)).body.error).toBe('access_denied')
  })
})

test('C17 E-03 of 16 exchanges at once at most one gets the id', async () => {
  const rp = relyingParty(op.issuer)
  const { code, id } = await deferred(op, rp)
  const cancelled: string[] = []
  op.provider.on('deferral.cancelled', (deferral) => cancelled.push(deferral.id))
  const answers = await Promise.all(Array.from({ length: 16 }, () => rp.exchange(code)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(answers.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(15)
  expect(await status(id)).toBe('cancelled')
  expect(cancelled).toEqual([id])
})

describe('a decision before the exchange', () => {
  test('C-O12 approved: the first poll redeems', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await deferred(op, rp)
    expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: true })
    const { status: answered, body } = await rp.exchange(code)
    expect(answered).toBe(200)
    expect(await rp.poll(body.deferred_auth_id)).toMatchObject({
      status: 200,
      body: { access_token: expect.any(String) },
    })
  })

  test('denied: the exchange works, every poll is access_denied', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await deferred(op, rp)
    await op.provider.deferrals.deny(id, { description: 'no' })
    const { body } = await rp.exchange(code)
    expect(await rp.poll(body.deferred_auth_id)).toMatchObject({
      status: 400,
      body: { error: 'access_denied', error_description: 'no' },
    })
  })

  test('cancelled: the exchange is invalid_grant', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await deferred(op, rp)
    await op.provider.deferrals.cancel(id)
    expect(await rp.exchange(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
  })

  test('O-080 a deferred code that was not exchanged cannot be decided after it expired', async () => {
    const rp = relyingParty(op.issuer)
    const { id } = await deferred(op, rp)
    op.clock.advance(60)
    expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: false, deferral: { expired: true } })
  })
})

test('O-064 the handle that the first exchange gave works on when the code was never tried again', async () => {
  const rp = relyingParty(op.issuer)
  const { handle } = await approved(op, rp)
  expect((await rp.poll(handle)).status).toBe(200)
})
