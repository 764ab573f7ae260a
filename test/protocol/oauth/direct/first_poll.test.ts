import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { pollDeferral } from '../../../support/deferral.js'
import { directRequest, firstPoll, unclaimed, withDirect } from '../../../support/direct.js'
import { challenged, nonceRequired, withNonce } from '../../../support/dpop_nonce.js'
import { withProvider } from '../../../support/provider.js'
import { codeVerifier, dpopKey, relyingParty } from '../../../support/relying_party.js'
import { jwtApi, opaqueApi, resourceServers } from '../../../support/resource_servers.js'
import { useProvider } from '../../../support/use_provider.js'
import { userAgent } from '../../../support/user_agent.js'

const op = useProvider(withDirect())
const status = async (id: string) => (await op.provider.deferrals.get(id))?.status
const error = (name: string) => ({ status: 400, body: { error: name } })
const wrong = `${codeVerifier}x`

describe('X-024 X-029 the verifier', () => {
  test.each([
    ['missing', undefined],
    ['wrong', wrong],
    ['sent twice', [codeVerifier, codeVerifier]],
  ])('X-029 when it is %s the deferral ends, silently', async (_case, verifier) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    const heard: string[] = []
    op.provider.once('deferral.cancelled', ({ id: cancelled }) => heard.push(cancelled))
    expect(await firstPoll(rp, deferralCode, { code_verifier: verifier })).toMatchObject(error('invalid_grant'))
    const { status: ended, history } = (await op.provider.deferrals.get(id)) ?? {}
    expect(ended).toBe('cancelled')
    expect(history?.at(-1)).toMatchObject({ event: 'cancelled', reason: 'pkce_failed' })
    expect(await firstPoll(rp, deferralCode)).toMatchObject(error('access_denied'))
    expect(heard).toEqual([])
  })

  test('X-029 with onVerifierMismatch refuse it does not end', async () => {
    await withProvider(withDirect({ onVerifierMismatch: 'refuse' }), async ({ issuer }) => {
      const rp = relyingParty(issuer)
      const { deferralCode } = await unclaimed(rp)
      expect(await firstPoll(rp, deferralCode, { code_verifier: wrong })).toMatchObject(error('invalid_grant'))
      expect(await firstPoll(rp, deferralCode)).toMatchObject(error('authorization_pending'))
    })
  })

  test('X-029 X-038 whoever has only the URL cannot end it', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    const thief = relyingParty(op.issuer, 'other')
    expect(await firstPoll(thief, deferralCode, { code_verifier: wrong })).toMatchObject(error('invalid_grant'))
    expect((await firstPoll(relyingParty(op.issuer, 'public'), deferralCode)).body.error).not.toBe(
      'authorization_pending',
    )
    expect(await status(id)).toBe('pending')
    expect(await firstPoll(rp, deferralCode)).toMatchObject(error('authorization_pending'))
  })

  test('X-024 without a deferral_code it is invalid_request', async () => {
    const rp = relyingParty(op.issuer)
    expect(await firstPoll(rp, undefined as never)).toMatchObject(error('invalid_request'))
  })
})

describe('X-025 redirect_uri', () => {
  test('X-025 may be sent; another one is invalid_grant, and the deferral lives on', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    const other = { redirect_uri: 'https://rp.example/other' }
    expect(await firstPoll(rp, deferralCode, other)).toMatchObject(error('invalid_grant'))
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending', direct: 'unclaimed' })
    const same = { redirect_uri: 'https://rp.example/cb' }
    expect(await firstPoll(rp, deferralCode, same)).toMatchObject(error('authorization_pending'))
  })

  test('X-026 the verifier is checked before it, and the client before both', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    const both = { redirect_uri: 'https://rp.example/other', code_verifier: wrong }
    await firstPoll(relyingParty(op.issuer, 'other'), deferralCode, both)
    expect(await status(id)).toBe('pending')
    await firstPoll(rp, deferralCode, both)
    expect(await status(id)).toBe('cancelled')
  })
})

describe('X-026 X-027 the key', () => {
  test('X-027 a bound key is required, and a wrong one changes nothing', async () => {
    const key = await dpopKey()
    const rp = relyingParty(op.issuer, 'secret', key)
    const { deferralCode, id } = await unclaimed(rp, { dpop_jkt: key.jkt })
    for (const dpop of [undefined, await dpopKey()]) {
      const answer = await firstPoll(rp, deferralCode, { code_verifier: wrong }, { dpop })
      expect(answer).toMatchObject(error('invalid_dpop_proof'))
    }
    expect(await status(id)).toBe('pending')
    expect(await firstPoll(rp, deferralCode)).toMatchObject(error('authorization_pending'))
    await op.provider.deferrals.approve(id)
    op.clock.advance(5)
    expect(await pollDeferral(rp, deferralCode, {}, { dpop: undefined })).toMatchObject(error('invalid_dpop_proof'))
    const { body } = await pollDeferral(rp, deferralCode)
    expect(body).toMatchObject({ token_type: 'DPoP' })
  })

  test('X-027 use_dpop_nonce comes before the verifier, and changes nothing', async () => {
    const options = withDirect(true, { configuration: { features: { dPoP: nonceRequired } } })
    await withProvider(options, async ({ issuer }) => {
      const key = await dpopKey()
      const rp = relyingParty(issuer, 'secret', key)
      const { deferralCode } = await unclaimed(rp, { dpop_jkt: key.jkt })
      const nonce = challenged(await firstPoll(rp, deferralCode, { code_verifier: wrong }))
      const answer = await firstPoll(rp, deferralCode, {}, withNonce(key, nonce))
      expect(answer).toMatchObject(error('authorization_pending'))
    })
  })

  test('X-028 a key that is shown first now is bound now: required from then on, and the tokens carry it', async () => {
    const key = await dpopKey()
    const rp = relyingParty(op.issuer, 'secret', key)
    const { deferralCode, id } = await unclaimed(rp)
    expect(await firstPoll(rp, deferralCode)).toMatchObject(error('authorization_pending'))
    expect(await pollDeferral(rp, deferralCode, {}, { dpop: undefined })).toMatchObject(error('invalid_dpop_proof'))
    expect(await pollDeferral(rp, deferralCode, {}, { dpop: await dpopKey() })).toMatchObject(
      error('invalid_dpop_proof'),
    )
    await op.provider.deferrals.approve(id)
    op.clock.advance(5)
    const { body } = await pollDeferral(rp, deferralCode)
    const active = await rp.post('/token/introspection', { token: body.access_token })
    expect(active.body).toMatchObject({ active: true, cnf: { jkt: key.jkt } })
  })
})

test('X-030 the first poll is never too early, also after refused ones', async () => {
  const rp = relyingParty(op.issuer)
  const { deferralCode } = await unclaimed(rp)
  for (let turn = 0; turn < 3; turn++) {
    await firstPoll(rp, deferralCode, { redirect_uri: 'https://rp.example/other' })
    await firstPoll(relyingParty(op.issuer, 'other'), deferralCode)
  }
  expect(await firstPoll(rp, deferralCode)).toMatchObject(error('authorization_pending'))
  expect(await pollDeferral(rp, deferralCode)).toMatchObject(error('slow_down'))
})

describe('X-031 a later poll that carries the verifier', () => {
  test('X-031 equal: it is dropped, and the poll is paced and redeems as ever', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    await firstPoll(rp, deferralCode)
    expect(await firstPoll(rp, deferralCode)).toMatchObject(error('slow_down'))
    op.clock.advance(5)
    expect(await firstPoll(rp, deferralCode)).toMatchObject(error('authorization_pending'))
    await op.provider.deferrals.approve(id)
    expect((await firstPoll(rp, deferralCode, { redirect_uri: 'https://rp.example/cb' })).status).toBe(200)
  })

  test.each([
    ['verifier', { code_verifier: wrong }],
    ['redirect URI', { code_verifier: undefined, redirect_uri: 'https://rp.example/other' }],
  ])('X-031 another %s is invalid_grant before pacing and before minting, without a change', async (_name, params) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    await firstPoll(rp, deferralCode)
    expect(await firstPoll(rp, deferralCode, params)).toMatchObject(error('invalid_grant'))
    await op.provider.deferrals.approve(id)
    op.clock.advance(5)
    expect(await firstPoll(rp, deferralCode, params)).toMatchObject(error('invalid_grant'))
    expect(await status(id)).toBe('approved')
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
  })

  test('X-031 no deferral of another kind takes one', async () => {
    const rp = relyingParty(op.issuer)
    const params = { grant_type: 'client_credentials', completion_mode: 'deferred' }
    const { body } = await rp.token(params)
    expect(await firstPoll(rp, body.deferral_code)).toMatchObject(error('invalid_request'))
  })
})

describe('X-032 what else a poll may carry', () => {
  test.each([
    ['scope', 'openid email'],
    ['authorization_details', '[{"type":"payment"}]'],
    ['claims', '{"id_token":{"email":null}}'],
    ['completion_mode', 'deferred'],
  ])('X-032 %s that differs is invalid_request, and the poll claims nothing', async (name, value) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    expect(await firstPoll(rp, deferralCode, { [name]: value })).toMatchObject(error('invalid_request'))
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending', direct: 'unclaimed' })
    expect(await firstPoll(rp, deferralCode, { scope: 'openid' })).toMatchObject(error('authorization_pending'))
  })

  test('X-032 of two resources the first poll says which', async () => {
    const options = withDirect(true, { configuration: { features: { resourceIndicators: resourceServers } } })
    await withProvider(options, async ({ issuer, provider, clock }) => {
      const rp = relyingParty(issuer)
      const url = rp.authorizationUrl({ ...directRequest, scope: 'read', resource: jwtApi })
      const { params } = await userAgent().visit(`${url}&resource=${encodeURIComponent(opaqueApi)}`)
      const deferralCode = String(params.deferral_code)
      const id = deferralCode.slice(0, 22)
      expect(await provider.deferrals.get(id)).toMatchObject({ resource: [jwtApi, opaqueApi] })
      expect(await firstPoll(rp, deferralCode, { resource: jwtApi })).toMatchObject(error('authorization_pending'))
      await provider.deferrals.approve(id)
      clock.advance(5)
      const { body } = await pollDeferral(rp, deferralCode)
      expect(decodeJwt(body.access_token)).toMatchObject({ aud: jwtApi })
    })
  })
})
