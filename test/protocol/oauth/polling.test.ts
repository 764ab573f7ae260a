import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients, grantType, oauthGrantType } from '../../support/clients.js'
import { grants, grantsOfClients, held, pollDeferral, redeem, revoke } from '../../support/deferral.js'
import { basic, party, send, waiting } from '../../support/journey.js'
import { observedStore, readVerbs } from '../../support/observed.js'
import { startProvider, type TestOptions, type TestProvider, withProvider } from '../../support/provider.js'
import { relyingParty, requestOnly } from '../../support/relying_party.js'

let op: TestProvider
const { store, calls } = observedStore()

beforeAll(async () => {
  op = await startProvider({ deferred: { store, defer: () => true } })
})

afterAll(() => op.close())

const refusal = (error: string) => ({ status: 400, body: { error } })
const status = async (id: string) => (await op.provider.deferrals.get(id))?.status
const writes = () => calls.filter((verb) => !readVerbs.includes(verb))

describe.each(grantsOfClients)('%s, %s client', (grant, clientId) => {
  test('I-056 I-057 I-070 the first poll may come at once', async () => {
    const rp = await party(op, clientId)
    const { deferralCode } = await held(op, rp, grant)
    expect(await pollDeferral(rp, deferralCode)).toMatchObject(refusal('authorization_pending'))
  })

  test('I-058 I-076 with the deferral_code of another client it is invalid_grant, and nothing changes', async () => {
    const rp = await party(op, clientId)
    const thief = relyingParty(op.issuer, 'other', rp.key)
    const { deferralCode, id } = await held(op, rp, grant)
    for (const decide of [async () => undefined, () => op.provider.deferrals.approve(id)]) {
      await decide()
      const before = await store.find(id, op.clock.now())
      expect(await pollDeferral(thief, deferralCode)).toMatchObject(refusal('invalid_grant'))
      expect(await store.find(id, op.clock.now())).toEqual(before)
    }
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
  })
})

describe('authorization_code', () => {
  const grant = 'authorization_code'

  test.each([...requestOnly, ['completion_mode', 'something'], ['deferral_code', ['x'.repeat(65), 'y'.repeat(65)]]])(
    'I-010 I-068 C-I08 a poll with %s is invalid_request without a change of state',
    async (name, value) => {
      const rp = relyingParty(op.issuer)
      const { deferralCode, id } = await held(op, rp, grant)
      await op.provider.deferrals.approve(id)
      calls.length = 0
      expect(await pollDeferral(rp, deferralCode, { [name]: value })).toMatchObject(refusal('invalid_request'))
      expect(writes()).toEqual([])
      expect(await status(id)).toBe('approved')
      expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
    },
  )

  test('C-I08 such a poll does not count: a correct poll right after it is not slow_down', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode } = await held(op, rp, grant)
    await pollDeferral(rp, deferralCode, { scope: 'openid email' })
    expect(await pollDeferral(rp, deferralCode)).toMatchObject(refusal('authorization_pending'))
  })

  test('C-I08 parameters that shape nothing are ignored', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode } = await held(op, rp, grant)
    const answer = await pollDeferral(rp, deferralCode, { something: 'else', code: 'x', deferred_auth_id: 'x' })
    expect(answer).toMatchObject(refusal('authorization_pending'))
  })

  test('I-056 it is a form, sent with POST', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode } = await held(op, rp, grant)
    expect(await pollDeferral(rp, deferralCode, {}, { json: true })).toMatchObject(refusal('invalid_request'))
    const query = new URLSearchParams({ grant_type: oauthGrantType, deferral_code: deferralCode })
    expect((await fetch(`${op.issuer}/token?${query}`)).status).toBe(404)
    expect(await pollDeferral(rp, '')).toMatchObject(refusal('invalid_request'))
    expect(await rp.token({ grant_type: oauthGrantType })).toMatchObject(refusal('invalid_request'))
  })

  test.each<[string, Record<string, string>]>([
    ['no credentials', {}],
    ['a wrong secret', basic('secret', 'guessed')],
    ['the credentials of a client that is not there', basic('nobody', 'a secret of the client')],
  ])('I-057 I-083 with %s it is invalid_client, and nothing changes', async (_case, headers) => {
    const { deferralCode, id } = await held(op, relyingParty(op.issuer), grant)
    await op.provider.deferrals.approve(id)
    const body = { grant_type: oauthGrantType, deferral_code: deferralCode, client_id: 'secret' }
    const { client_id, ...rest } = body
    const sent = 'authorization' in headers ? rest : body
    expect(await send(`${op.issuer}/token`, sent, headers)).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
    expect(await status(id)).toBe('approved')
  })

  test('I-083 a client that is not registered for the grant type is unauthorized_client', async () => {
    const { deferralCode, id } = await held(op, relyingParty(op.issuer), grant)
    const answer = await pollDeferral(relyingParty(op.issuer, 'plain'), deferralCode)
    expect(answer).toMatchObject(refusal('unauthorized_client'))
    expect(await status(id)).toBe('pending')
  })

  test('I-054 the code is good for nothing but polls: not as an authorization code, nor as a token', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await held(op, rp, grant)
    await op.provider.deferrals.approve(id)
    expect(await redeem(rp, deferralCode)).toMatchObject(refusal('invalid_grant'))
    const refresh = { grant_type: 'refresh_token', refresh_token: deferralCode }
    expect(await rp.token(refresh)).toMatchObject(refusal('invalid_grant'))
    const headers = { authorization: `Bearer ${deferralCode}` }
    expect((await fetch(`${op.issuer}/me`, { headers })).status).toBe(401)
    expect(await status(id)).toBe('approved')
  })

  test('I-008 I-012 nothing but a poll with the code yields what was approved', async () => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id, code } = await held(op, rp, grant)
    await op.provider.deferrals.approve(id)
    if (code === undefined) {
      const again = await rp.token({ grant_type: grant, completion_mode: 'deferred' })
      expect(again.body.deferral_code).not.toBe(deferralCode)
      expect(again).toMatchObject(refusal('authorization_pending'))
    }
    expect((await rp.post('/token/introspection', { token: deferralCode })).body).toEqual({ active: false })
    expect(await status(id)).toBe('approved')
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
  })
})

describe('C-X05 the handles of the two profiles', () => {
  test.each(grants)('I-058 a deferral_code of %s is invalid_grant at the door of the OpenID draft', async (grant) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await held(op, rp, grant)
    expect(await rp.poll(deferralCode)).toMatchObject(refusal('invalid_grant'))
    expect(await rp.exchange(deferralCode)).toMatchObject(refusal('invalid_grant'))
    expect(await rp.cancel(deferralCode)).toMatchObject({ status: 200, body: {} })
    expect(await status(id)).toBe('pending')
  })

  test('I-058 a deferred_auth_id is invalid_grant as a deferral_code', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    await op.provider.deferrals.approve(id)
    expect(await pollDeferral(rp, handle)).toMatchObject(refusal('invalid_grant'))
    expect(await status(id)).toBe('approved')
  })

  test.each(grants)('I-056 I-109 this profile works alone, %s', async (grant) => {
    await withProvider(without(grantType, { openid: false }), async (alone) => {
      const rp = relyingParty(alone.issuer)
      const [one, other] = [await held(alone, rp, grant), await held(alone, rp, grant)]
      await alone.provider.deferrals.approve(one.id)
      expect((await pollDeferral(rp, one.deferralCode)).status).toBe(200)
      expect((await revoke(rp, other.deferralCode)).status).toBe(200)
      expect(await pollDeferral(rp, other.deferralCode)).toMatchObject(refusal('access_denied'))
    })
  })

  test('I-083 where it is off, polls are of an unsupported_grant_type', async () => {
    await withProvider(without(oauthGrantType, { oauth: false }), async (off) => {
      expect(await pollDeferral(relyingParty(off.issuer), 'x')).toMatchObject(refusal('unsupported_grant_type'))
    })
  })
})

/** A provider of one profile, and clients that know no other. */
function without(grant: string, profiles: { openid?: boolean; oauth?: boolean }): TestOptions {
  const known = clients.map(({ grant_types = [], ...client }) => ({
    ...client,
    response_types: ['code'] as const,
    grant_types: grant_types.filter((type) => type !== grant),
  }))
  return { configuration: { clients: known }, deferred: { profiles, defer: () => true } }
}
