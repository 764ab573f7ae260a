import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { payingClients } from '../../support/clients.js'
import { authorizationCode, grants, held, pollDeferral, redeem, request, whoeverCan } from '../../support/deferral.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { narrowable, opaqueApi } from '../../support/resource_servers.js'
import { richAuthorizationRequests } from '../../support/rich_authorization_requests.js'
import { useProvider } from '../../support/use_provider.js'
import { userAgent } from '../../support/user_agent.js'

const features = { ...narrowable, richAuthorizationRequests: richAuthorizationRequests(() => undefined) } as never
const op = useProvider({ configuration: { ...payingClients, features }, deferred: { defer: whoeverCan } })

const deferrals = () => op.provider.deferrals
const party = () => relyingParty(op.issuer)
const offline = { scope: 'openid email payments offline_access', prompt: 'consent' }
const turn = { request: offline }
const asking = (grant: string) => (grant === 'client_credentials' ? { params: { scope: 'email payments' } } : turn)

/** Approves, and collects. */
async function collected(rp: RelyingParty, id: string, deferralCode: string, approval = {}) {
  expect(await deferrals().approve(id, approval)).toMatchObject({ changed: true })
  const { status, body } = await pollDeferral(rp, deferralCode)
  expect(status).toBe(200)
  return body
}

describe.each(grants)('%s', (grant) => {
  test('I-060 I-063 I-066 the answer is, member for member, what it is without the wait', async () => {
    const rp = party()
    const { params, ...plain } = { params: {}, ...asking(grant) }
    const { answer } = await request(rp, grant, { ...plain, params: { ...params, completion_mode: 'other' } })
    expect(answer.status).toBe(200)
    const { deferralCode, id } = await held(op, rp, grant, asking(grant))
    const body = await collected(rp, id, deferralCode)
    expect(Object.keys(body).sort()).toEqual(Object.keys(answer.body).sort())
    const same = ({ token_type, scope, expires_in }: typeof body) => ({ token_type, scope, expires_in })
    expect(same(body)).toEqual(same(answer.body))
    expect(body.expires_in).toBeLessThan(86_400)
    expect(body).not.toHaveProperty('issued_token_type')
  })

  test('I-037 I-118 before that there is nothing, and a request that does not wait is independent of it', async () => {
    const rp = party()
    const { deferralCode, id, answer } = await held(op, rp, grant, asking(grant))
    const pending = await pollDeferral(rp, deferralCode)
    for (const { body } of [answer, pending]) {
      for (const name of ['access_token', 'refresh_token', 'id_token']) expect(body).not.toHaveProperty(name)
    }
    const { answer: parallel } = await request(rp, grant, { params: { completion_mode: undefined } })
    expect(parallel.status).toBe(200)
    expect(await deferrals().get(id)).toMatchObject({ status: 'pending' })
    const body = await collected(rp, id, deferralCode)
    expect(body.access_token).not.toBe(parallel.body.access_token)
  })

  test('I-007 I-015 C-I14 a decision narrows: the answer and the token say to what', async () => {
    const rp = party()
    const { deferralCode, id } = await held(op, rp, grant, asking(grant))
    const scope = grant === 'client_credentials' ? 'email' : 'openid email'
    const body = await collected(rp, id, deferralCode, { scope })
    expect(body.scope).toBe(scope)
    expect(body).not.toHaveProperty('refresh_token')
    const { body: told } = await rp.post('/token/introspection', { token: body.access_token })
    expect(told).toMatchObject({ active: true, scope })
  })

  test.each<[string, object]>([
    ['a scope', { scope: 'openid email payments offline_access something' }],
    ['a resource', { resource: ['https://api.example'] }],
    ['details', { authorizationDetails: [{ type: 'payment', amount: '1' }] }],
    ['claims', { claims: { id_token: { email: null } } }],
  ])('I-007 C-I14 one that adds %s is refused, and the deferral waits on', async (_what, approval) => {
    const rp = party()
    const { deferralCode, id } = await held(op, rp, grant, asking(grant))
    await expect(deferrals().approve(id, approval)).rejects.toThrow(RangeError)
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('authorization_pending')
  })

  test('I-062 I-067 I-134 C-I03 eight polls at once are given tokens once', async () => {
    const rp = party()
    const { deferralCode, id } = await held(op, rp, grant)
    await deferrals().approve(id)
    const answers = await Promise.all(Array.from({ length: 8 }, () => pollDeferral(rp, deferralCode)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const others = answers.filter(({ status }) => status !== 200).map(({ body }) => body.error)
    expect(['authorization_pending', 'invalid_grant']).toEqual(expect.arrayContaining([...new Set(others)]))
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('invalid_grant')
  })
})

test('C-I14 details are granted as they were asked for, or left out', async () => {
  const rp = party()
  const details = [
    { type: 'payment', amount: '1' },
    { type: 'payment', amount: '2' },
  ]
  const asked = { authorization_details: JSON.stringify(details), resource: opaqueApi, prompt: 'consent' }
  const { deferralCode, id } = await held(op, rp, 'authorization_code', {
    request: asked,
    params: { resource: opaqueApi },
  })
  expect(await deferrals().get(id)).toMatchObject({ authorizationDetails: details })
  const body = await collected(rp, id, deferralCode, { authorizationDetails: [details[1]] })
  expect(body.authorization_details).toEqual([details[1]])
})

describe('C-I13 an ID Token days later', () => {
  const asked = { nonce: 'n', max_age: '3600', claims: '{"id_token":{"email":{"essential":true}}}' }

  test('says what it would have said at once, and is fresh', async () => {
    const rp = party()
    const agent = userAgent()
    op.user.interaction = { acr: 'urn:example:bronze', amr: ['pwd'] }
    const { body: direct } = await redeem(rp, await authorizationCode(rp, asked, agent))
    const opted = { completion_mode: 'deferred' }
    const { body: waiting } = await redeem(rp, await authorizationCode(rp, asked, agent), opted)
    op.user.interaction = {}
    op.clock.advance(80_000)
    const body = await collected(rp, waiting.deferral_code.slice(0, 22), waiting.deferral_code)
    const { iat: _, exp: __, at_hash: ___, ...expected } = decodeJwt(direct.id_token)
    const { iat, exp, at_hash: ____, ...claims } = decodeJwt(body.id_token)
    expect(claims).toEqual(expected)
    expect(claims).toMatchObject({ nonce: 'n', amr: ['pwd'], auth_time: expect.any(Number), email: expect.any(String) })
    expect([iat! >= (direct.iat ?? 0), exp! - iat!]).toEqual([true, 3600])
  })

  test('has acr, amr and auth_time of the decision where it says so', async () => {
    const rp = party()
    const { deferralCode, id } = await held(op, rp, 'authorization_code', { request: { max_age: '3600' } })
    const authTime = Math.floor(Date.now() / 1000) - 60
    const decision = { acr: 'urn:example:gold', amr: ['face'], authTime }
    const body = await collected(rp, id, deferralCode, decision)
    expect(decodeJwt(body.id_token)).toMatchObject({ acr: 'urn:example:gold', amr: ['face'], auth_time: authTime })
  })
})

describe('C-I20 the refresh token of a redemption', () => {
  test('is bound to the same key for a public client, as the host binds it', async () => {
    const [key, another] = [await dpopKey(), await dpopKey()]
    const rp = relyingParty(op.issuer, 'public', key)
    const { deferralCode, id } = await held(op, rp, 'authorization_code', turn)
    const { refresh_token } = await collected(rp, id, deferralCode)
    const params = { grant_type: 'refresh_token', refresh_token }
    for (const dpop of [another, undefined]) expect((await rp.token(params, { dpop })).status).toBe(400)
    expect(await rp.token(params)).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
  })

  test('C-I14 has no more than the decision left, however it is asked', async () => {
    const rp = party()
    const { deferralCode, id } = await held(op, rp, 'authorization_code', turn)
    const { refresh_token } = await collected(rp, id, deferralCode, { scope: 'openid email offline_access' })
    const params = { grant_type: 'refresh_token', refresh_token }
    expect((await rp.token({ ...params, scope: 'openid payments' })).body.error).toBe('invalid_scope')
    expect((await rp.token(params)).body.scope).not.toContain('payments')
  })
})
