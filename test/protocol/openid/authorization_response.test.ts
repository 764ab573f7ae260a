import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  added,
  authorize,
  clientOf,
  clientTypes,
  deferrals,
  redeem,
  startEveryWay,
} from '../../support/authorization.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider

beforeAll(async () => {
  op = await startEveryWay()
})
afterAll(() => op.close())

test.each(clientTypes)(
  'O-021 O-022 O-027 C05 the response has the deferred code, state and iss, nothing else (%s)',
  async (clientId) => {
    const { params } = await authorize(op, await clientOf(op, clientId))
    expect(Object.keys(params).sort()).toEqual(['deferred_code', 'iss', 'state'])
    expect(params).toMatchObject({ state: 'a state', iss: op.issuer })
  },
)

const long = `${'x'.repeat(1500)}-${'y'.repeat(1500)}`
const odd = [
  ['long', long],
  ['base64', 'a+b/c=='],
  ['blanks', ' a  b '],
  ['markup', `"><script>alert('x')</script>&amp;`],
  ['escapes', '%20%00%2B&c=d#e?f'],
  ['umlauts and an emoji', 'grüße 🕰️'],
  ['JSON', '{"a":["b"]}'],
  ['one character', '0'],
] as const

const hostile = odd.filter(([name]) => name === 'markup' || name === 'escapes')

describe.each(['query', 'form_post', 'jwt'])('response_mode %s', (mode) => {
  test.each(mode === 'query' ? odd : hostile)('O-028 C08 echoes state unchanged, %s', async (_, state) => {
    const rp = await clientOf(op, 'secret')
    const { params } = await authorize(op, rp, { state, response_mode: mode })
    expect(stateOf(params)).toBe(state)
    const refused = await authorize(op, rp, { state, response_mode: mode }, { interaction: { refuses: true } })
    expect(stateOf(refused.params)).toBe(state)
  })

  test('O-028 C08 has no state when none was sent', async () => {
    const rp = await clientOf(op, 'secret')
    const { params } = await authorize(op, rp, { state: undefined, response_mode: mode })
    expect(params.response ? decodeJwt(params.response) : params).not.toHaveProperty('state')
    const refused = await authorize(op, rp, { state: undefined, response_mode: mode, prompt: 'none' })
    expect(refused.params.response ? decodeJwt(refused.params.response) : refused.params).not.toHaveProperty('state')
  })
})

const stateOf = ({ response, state }: Record<string, string>) => (response ? decodeJwt(response).state : state)

test.each(hostile)('O-063 C08 the nonce survives into the ID Token, %s', async (_, nonce) => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp, { nonce })
  const { body } = await redeem(op, rp, params.deferred_code!)
  expect(decodeJwt(body.id_token).nonce).toBe(nonce)
})

test('O-063 C08 without a nonce the ID Token has none', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp)
  const { body } = await redeem(op, rp, params.deferred_code!)
  expect(decodeJwt(body.id_token)).not.toHaveProperty('nonce')
})

test('O-020 O-017 O-018 the end-user returns, and the deferral exists, only after all interaction', async () => {
  const rp = await clientOf(op, 'secret')
  const agent = userAgent()
  op.user.interaction = {}
  const outcome = await added(op, () => agent.visit(rp.authorizationUrl(), { stopAt: '/interaction/' }))
  expect(outcome.result.url?.pathname).toMatch(/^\/interaction\//)
  expect(outcome.new).toEqual([])
  const finished = await added(op, () => agent.visit(outcome.result.url!.href))
  expect(finished.result.params.deferred_code).toBeDefined()
  expect(finished.new).toMatchObject([{ status: 'pending', clientId: 'secret', accountId: 'alice', scope: ['openid'] }])
})

test('O-019 O-037 C07 after a refusal nothing more comes of the request', async () => {
  const rp = await clientOf(op, 'secret')
  const agent = userAgent()
  op.user.interaction = {}
  const asked = await agent.visit(rp.authorizationUrl(), { stopAt: '/interaction/' })
  op.user.interaction = { refuses: true }
  const refused = await agent.visit(asked.url!.href)
  expect(refused.params).toMatchObject({ error: 'access_denied', state: 'a state', iss: op.issuer })
  op.user.interaction = {}
  const outcome = await added(op, () => agent.visit(asked.url!.href.replace('/interaction/', '/auth/')))
  expect(outcome.result.status).toBe(400)
  expect(outcome.result.url).toBeUndefined()
  expect(outcome.new).toEqual([])
})

describe('deferred_code', () => {
  test('O-029 is unique to one request, also to requests alike in everything', async () => {
    const rp = await clientOf(op, 'secret')
    const agent = userAgent()
    const codes = []
    for (let i = 0; i < 20; i++) codes.push((await authorize(op, rp, {}, { agent })).params.deferred_code!)
    expect(new Set(codes).size).toBe(20)
    // neither the id nor the secret within is shared
    expect(new Set(codes.map((code) => code.slice(0, 22))).size).toBe(20)
    expect(new Set(codes.map((code) => code.slice(22))).size).toBe(20)
  })

  test('O-032 O-033 C16 has the allowed characters only, and starts with the id reviewers see', async () => {
    const { params } = await authorize(op, await clientOf(op, 'secret'))
    expect(params.deferred_code).toMatch(/^[A-Za-z0-9.\-_]{65}$/)
    const started = (await deferrals(op)).filter(({ id }) => params.deferred_code!.startsWith(id))
    expect(started).toMatchObject([{ id: expect.stringMatching(/^[\w-]{22}$/), clientId: 'secret' }])
  })

  test('O-034 is no poll handle, no authorization code and no token, and stays usable when tried as one', async () => {
    const rp = await clientOf(op, 'secret')
    const { params } = await authorize(op, rp)
    const code = params.deferred_code!
    expect(await rp.poll(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    const redirect = { redirect_uri: 'https://rp.example/cb' }
    const asCode = await rp.token({ grant_type: 'authorization_code', code, ...redirect })
    expect(asCode).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await rp.token({ grant_type: 'refresh_token', refresh_token: code })).toMatchObject({ status: 400 })
    const asToken = await fetch(`${op.issuer}/me`, { headers: { authorization: `Bearer ${code}` } })
    expect(asToken.status).toBe(401)
    expect(await rp.exchange(code)).toMatchObject({ status: 200 })
  })

  test('O-034 an authorization code is no deferred code', async () => {
    const rp = await clientOf(op, 'secret')
    const { params } = await authorize(op, rp, { response_type: 'code' })
    expect(await rp.exchange(params.code!)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('O-118 can be exchanged until it expires, and leaves the queue when it does', async () => {
    const rp = relyingParty(op.issuer)
    const [inTime, late] = [await authorize(op, rp), await authorize(op, rp)]
    op.clock.advance(59)
    expect(await rp.exchange(inTime.params.deferred_code!)).toMatchObject({ status: 200 })
    op.clock.advance(1)
    expect(await rp.exchange(late.params.deferred_code!)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    const id = late.params.deferred_code!.slice(0, 22)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending', expired: true })
    const { deferrals: queue } = await op.provider.deferrals.list({ status: 'pending', limit: 100 })
    expect(queue.map((one) => one.id)).not.toContain(id)
  })
})

test('O-118 ttl.deferredCode sets how long', async () => {
  const other = await startProvider({ deferred: { ttl: { deferredCode: 5 } } })
  const rp = relyingParty(other.issuer)
  const { params } = await authorize(other, rp)
  other.clock.advance(5)
  expect(await rp.exchange(params.deferred_code!)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  await other.close()
})
