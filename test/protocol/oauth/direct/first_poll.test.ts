import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { pollDeferral, revoke } from '../../../support/deferral.js'
import { directRequest, firstPoll, unclaimed, withDirect } from '../../../support/direct.js'
import { challenged, nonceRequired, withNonce } from '../../../support/dpop_nonce.js'
import { withProvider } from '../../../support/provider.js'
import { codeVerifier, dpopKey, type RelyingParty, relyingParty } from '../../../support/relying_party.js'
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

describe('X-033 unclaimed', () => {
  test('X-033 it expires after ten minutes, with expired_token; a claimed one lives its whole lifetime from its creation on', async () => {
    const rp = relyingParty(op.issuer)
    const [late, inTime] = [await unclaimed(rp), await unclaimed(rp)]
    op.clock.advance(599)
    await firstPoll(rp, inTime.deferralCode)
    op.clock.advance(1)
    expect(await firstPoll(rp, late.deferralCode)).toMatchObject(error('expired_token'))
    const { createdAt, expiresAt } = (await op.provider.deferrals.get(inTime.id)) ?? {}
    expect(Number(expiresAt) - Number(createdAt)).toBe(86_400_000)
  })

  test('X-033 a lifetime below ten minutes is the limit', async () => {
    await withProvider(
      withDirect(true, { deferred: { defer: () => ({ expiresIn: 60 }) } }),
      async ({ issuer, provider }) => {
        const { id } = await unclaimed(relyingParty(issuer))
        const { createdAt, expiresAt } = (await provider.deferrals.get(id)) ?? {}
        expect(Number(expiresAt) - Number(createdAt)).toBe(60_000)
      },
    )
  })

  test.each([
    ['approve', 200],
    ['deny', 400],
  ] as const)('X-033 an operator may %s it by id, and its events follow the first poll', async (verb, expected) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    const heard: string[] = []
    for (const name of ['created', 'approved', 'denied'] as const) {
      op.provider.on(`deferral.${name}`, (deferral) => void (deferral.id === id && heard.push(name)))
    }
    expect(await op.provider.deferrals[verb](id, {})).toMatchObject({ changed: true })
    expect(heard).toEqual([])
    expect((await firstPoll(rp, deferralCode)).status).toBe(expected)
    expect(heard).toEqual(['created', verb === 'approve' ? 'approved' : 'denied'])
  })

  test('X-033 of simultaneous first polls one claims, and none is refused', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    const answers = await Promise.all(Array.from({ length: 8 }, () => firstPoll(rp, deferralCode)))
    const names = new Set(answers.map(({ body }) => body.error))
    expect([...names].every((name) => name === 'authorization_pending' || name === 'slow_down')).toBe(true)
    const { history } = (await op.provider.deferrals.get(id)) ?? {}
    expect(history?.filter(({ event }) => event === 'claimed')).toHaveLength(1)
  })
})

describe('X-039 revocation', () => {
  test('X-039 its client ends it before the first poll, without a verifier', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await unclaimed(rp)
    expect(await revoke(relyingParty(op.issuer, 'other'), deferralCode)).toMatchObject({ status: 200 })
    expect(await status(id)).toBe('pending')
    expect(await revoke(rp, deferralCode)).toMatchObject({ status: 200 })
    expect(await status(id)).toBe('cancelled')
  })

  test('X-039 a bound one only with the key; else 200 without a change', async () => {
    const key = await dpopKey()
    const rp = relyingParty(op.issuer, 'secret', key)
    const { deferralCode, id } = await unclaimed(rp, { dpop_jkt: key.jkt })
    expect(await revoke(rp, deferralCode, {}, { dpop: undefined })).toMatchObject({ status: 200, body: '' })
    expect(await status(id)).toBe('pending')
    await revoke(rp, deferralCode)
    expect(await status(id)).toBe('cancelled')
  })
})

test('X-035 X-038 each later poll needs authentication or the key; others learn nothing', async () => {
  await withProvider(withDirect({ publicClients: true }), async ({ issuer }) => {
    const rp = relyingParty(issuer, 'public', await dpopKey())
    const { deferralCode } = await unclaimed(rp, { dpop_jkt: rp.key?.jkt })
    expect(await firstPoll(rp, deferralCode)).toMatchObject(error('authorization_pending'))
    expect(await pollDeferral(rp, deferralCode, {}, { dpop: undefined })).toMatchObject(error('invalid_dpop_proof'))
    const other = relyingParty(issuer, 'other')
    const [foreign, unknown] = [await pollDeferral(other, deferralCode), await pollDeferral(other, 'x'.repeat(65))]
    expect(foreign.body).toEqual(unknown.body)
    expect(foreign).toMatchObject(error('invalid_grant'))
  })
})

test('X-033 unclaimed ones count against the caps of the client and the account', async () => {
  for (const maxPending of [{ perClient: 2 }, { perAccount: 2 }]) {
    await withProvider(withDirect(true, { deferred: { maxPending } }), async ({ issuer }) => {
      const rp = relyingParty(issuer)
      await unclaimed(rp)
      await claimedBy(rp)
      await expect(unclaimed(rp)).rejects.toThrow('access_denied')
    })
  }
})

async function claimedBy(rp: RelyingParty): Promise<void> {
  const { deferralCode } = await unclaimed(rp)
  await firstPoll(rp, deferralCode)
}
