import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redirectUri } from '../../support/clients.js'
import { grants, held, pollDeferral } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'
import { jwtApi, resourceServers } from '../../support/resource_servers.js'

let op: TestProvider
let claimed = 0

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      features: { resourceIndicators: resourceServers as never },
      extraTokenClaims: () => {
        claimed += 1
        return { extra: true }
      },
    },
    deferred: { defer: () => true },
  })
})
afterAll(() => op.close())

describe.each(grants)('the guarantees of the protocol: %s', (grant) => {
  test('I-007 I-013 I-016 the outcome is never wider than the request, whatever a reviewer says', async () => {
    const { id } = await held(op, relyingParty(op.issuer), grant, { params: { scope: 'payments' } })
    const wider = [
      { scope: ['openid', 'admin'] },
      { resource: [jwtApi] },
      { authorizationDetails: [{ type: 'payment' }] },
    ]
    for (const decision of wider) await expect(op.provider.deferrals.approve(id, decision)).rejects.toThrow(RangeError)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
  })

  test('I-008 I-012 I-013 I-016 only a poll advances a deferral: nothing else a client can call yields tokens', async () => {
    const rp = relyingParty(op.issuer)
    const { id, deferralCode } = await held(op, rp, grant)
    await op.provider.deferrals.approve(id)
    const doors = [
      () => rp.token({ grant_type: 'authorization_code', code: deferralCode, redirect_uri: redirectUri }),
      () => rp.token({ grant_type: 'refresh_token', refresh_token: deferralCode }),
      () => rp.post('/token/introspection', { token: deferralCode }),
      () => rp.exchange(deferralCode),
      () => rp.poll(deferralCode),
      () => rp.cancel(deferralCode),
    ]
    for (const door of doors) expect(JSON.stringify((await door()).body)).not.toContain('access_token')
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200 })
  })

  test('I-009 I-013 I-016 the key of the request is that of the polls, and of the tokens', async () => {
    const rp = relyingParty(op.issuer, 'secret', await dpopKey())
    const { id, deferralCode } = await held(op, rp, grant)
    await op.provider.deferrals.approve(id)
    for (const dpop of [undefined, await dpopKey()]) {
      expect((await pollDeferral(rp, deferralCode, {}, { dpop })).body.error).toBe('invalid_dpop_proof')
    }
    const { body } = await pollDeferral(rp, deferralCode)
    const { AccessToken, ClientCredentials } = op.provider
    const [token] = [await AccessToken.find(body.access_token), await ClientCredentials.find(body.access_token)].filter(
      Boolean,
    )
    expect({ type: body.token_type, jkt: token?.jkt }).toEqual({ type: 'DPoP', jkt: rp.key?.jkt })
  })

  test.each([
    ['scope', 'openid payments'],
    ['resource', jwtApi],
    ['authorization_details', '[]'],
    ['claims', '{}'],
    ['redirect_uri', `${redirectUri}/other`],
    ['code_verifier', 'x'.repeat(43)],
    ['completion_mode', 'deferred'],
  ])('I-010 I-013 I-016 E-31 a poll with %s=%j is invalid_request, and changes nothing', async (name, value) => {
    const rp = relyingParty(op.issuer)
    const { id, deferralCode } = await held(op, rp, grant)
    await op.provider.deferrals.approve(id)
    const before = await op.provider.deferrals.get(id)
    expect(await pollDeferral(rp, deferralCode, { [name]: value })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
    expect(await op.provider.deferrals.get(id)).toEqual(before)
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200 })
  })

  test('I-011 the decision is not in the code: it is the same before and after, and says nothing', async () => {
    const rp = relyingParty(op.issuer)
    const { id, deferralCode } = await held(op, rp, grant)
    await op.provider.deferrals.progress(id, { step: 'document_review' })
    const polled = await pollDeferral(rp, deferralCode)
    expect(polled.body).toEqual({
      error: 'authorization_pending',
      error_description: 'step=document_review',
      progress: { step: 'document_review' },
    })
    await op.provider.deferrals.deny(id)
    expect((await pollDeferral(rp, deferralCode)).body).not.toHaveProperty('deferral_code')
  })

  test('I-014 the states a client can meet are told apart by their error codes', async () => {
    const rp = relyingParty(op.issuer)
    const states: Record<string, (id: string, code: string) => Promise<unknown>> = {
      authorization_pending: async () => undefined,
      interaction_required: (id) => op.provider.deferrals.requireInteraction(id, { uri: 'https://op.example/confirm' }),
      slow_down: (_id, code) => pollDeferral(rp, code),
      access_denied: (id) => op.provider.deferrals.deny(id),
      expired_token: async () => op.clock.advance(86_400),
      invalid_grant: async (id, code) => {
        await op.provider.deferrals.approve(id)
        await pollDeferral(rp, code)
      },
    }
    for (const [error, reach] of Object.entries(states)) {
      const { id, deferralCode } = await held(op, rp, grant)
      await reach(id, deferralCode)
      expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 400, body: { error } })
    }
  })

  test('I-015 what changes while it waits comes from reviewers, and narrows: a client has no way to', async () => {
    const rp = relyingParty(op.issuer)
    const turn = {
      request: { scope: 'openid email payments' },
      params: grant === 'client_credentials' ? { scope: 'openid email payments' } : {},
    }
    const { id, deferralCode } = await held(op, rp, grant, turn)
    for (const path of [`/deferrals/${id}`, `/deferrals/${id}/approve`, '/deferrals', `/deferred/${id}`]) {
      expect((await rp.post(path, { status: 'approved', scope: 'openid' })).status).toBe(404)
    }
    expect(await op.provider.deferrals.get(id)).toMatchObject({ scope: ['openid', 'email', 'payments'] })
    await op.provider.deferrals.approve(id, { scope: ['openid', 'email'] })
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200, body: { scope: 'openid email' } })
  })

  test('I-037 a JWT access token is not signed before it is issued, and its claims are asked for once', async () => {
    const rp = relyingParty(op.issuer)
    const params = { resource: jwtApi, ...(grant === 'client_credentials' && { scope: 'read' }) }
    claimed = 0
    const { id, deferralCode } = await held(op, rp, grant, {
      request: { scope: 'openid read', resource: jwtApi },
      params,
    })
    expect(claimed).toBe(0)
    await op.provider.deferrals.approve(id)
    const { body } = await pollDeferral(rp, deferralCode)
    expect(body.access_token.split('.')).toHaveLength(3)
    expect(claimed).toBe(1)
  })
})
