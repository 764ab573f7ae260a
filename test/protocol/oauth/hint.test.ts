import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { added, authorize, startEveryWay } from '../../support/authorization.js'
import { authorizationCode, redeem, whoeverCan } from '../../support/deferral.js'
import { observedAdapter } from '../../support/observed.js'
import { type TestProvider, withProvider } from '../../support/provider.js'
import { codeChallenge, dpopKey, relyingParty } from '../../support/relying_party.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider
let asked: number
const host = observedAdapter()

beforeAll(async () => {
  op = await startEveryWay({
    configuration: { adapter: host.adapter },
    deferred: {
      defer(_ctx, { canWait }) {
        asked += 1
        return canWait
      },
    },
  })
})
beforeEach(() => {
  asked = 0
})
afterAll(() => op.close())

const hint = { completion_mode: 'deferred' }
const opted = { completion_mode: 'deferred' }
const forgetful: Record<string, Record<string, string | string[]>> = {
  'no completion_mode': {},
  'an empty one': { completion_mode: '' },
  'another one': { completion_mode: 'other' },
}

describe('I-030 a hint, then no opt-in, is invalid_request', () => {
  test.each(Object.keys(forgetful))('C-I07 E-59 %s: the code survives, and is deferred afterwards', async (name) => {
    const rp = relyingParty(op.issuer)
    const code = await authorizationCode(rp, hint)
    const { result, ...outcome } = await added(op, () => redeem(rp, code, forgetful[name]))
    expect(result).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(result.body.error_description).toContain('completion_mode')
    expect(result.headers.get('cache-control')).toBe('no-store')
    expect({ asked, ...outcome }).toEqual({ asked: 0, new: [] })
    expect((await redeem(rp, code, opted)).body.error).toBe('authorization_pending')
  })

  test('C-I07 forgotten again and again, nothing is used up', async () => {
    const rp = relyingParty(op.issuer)
    const code = await authorizationCode(rp, hint)
    for (let times = 0; times < 3; times++) expect((await redeem(rp, code)).body.error).toBe('invalid_request')
    expect((await redeem(rp, code, opted)).body).toHaveProperty('deferral_code')
    expect((await redeem(rp, code)).body.error).toBe('invalid_grant')
  })

  test('C-I07 E-59 it writes nothing', async () => {
    const rp = relyingParty(op.issuer)
    const code = await authorizationCode(rp, hint)
    host.calls.length = 0
    await redeem(rp, code)
    expect(host.calls.filter((call) => !/\.find/.test(call))).toEqual([])
  })

  test.each([
    ['deferred_interactive', 'deferred'],
    ['deferred', 'deferred_interactive'],
    ['other deferred', 'deferred another'],
  ])('C-I07 C-I24 only whether the client can wait is compared: hint %j, then %j', async (first, second) => {
    const rp = relyingParty(op.issuer)
    const code = await authorizationCode(rp, { completion_mode: first })
    expect((await redeem(rp, code, { completion_mode: second })).body.error).toBe('authorization_pending')
  })

  test.each([undefined, '', 'other', 'Deferred'])('I-019 I-026 completion_mode %j is no hint', async (mode) => {
    const rp = relyingParty(op.issuer)
    const code = await authorizationCode(rp, { completion_mode: mode })
    expect(await redeem(rp, code)).toMatchObject({ status: 200 })
  })

  test.each([
    ['a wrong verifier', { code_verifier: 'x'.repeat(43) }],
    ['a wrong redirect_uri', { redirect_uri: 'https://rp.example/other' }],
  ])('I-033 %s comes first', async (_, wrong) => {
    const rp = relyingParty(op.issuer)
    const pkce = { code_challenge: codeChallenge, code_challenge_method: 'S256' }
    const code = await authorizationCode(rp, { ...hint, ...pkce })
    expect((await redeem(rp, code, wrong)).body.error).toBe('invalid_grant')
  })

  test('I-030 of a public client, with or without a key', async () => {
    for (const key of [undefined, await dpopKey()]) {
      const rp = relyingParty(op.issuer, 'public', key)
      const code = await authorizationCode(rp, hint)
      expect((await redeem(rp, code)).body.error).toBe('invalid_request')
      expect((await redeem(rp, code, opted)).status).toBe(key ? 400 : 200)
    }
  })
})

describe('I-023 without a hint a token request that opts in may be deferred', () => {
  test('and is', async () => {
    const rp = relyingParty(op.issuer)
    const answer = await redeem(rp, await authorizationCode(rp), opted)
    expect(answer).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
  })
})

describe('I-027 the hint changes no answer of the authorization endpoint', () => {
  const requests: Record<string, Record<string, string>> = {
    'a code': {},
    'a signed response': { response_mode: 'jwt' },
    'a posted response': { response_mode: 'form_post' },
    'a code in the fragment': { response_mode: 'fragment' },
    'a refusal': { scope: 'openid', prompt: 'none' },
    'an unknown response type': { response_type: 'something' },
    'a redirect_uri that is not registered': { redirect_uri: 'https://evil.example/' },
    'claims that are no JSON': { claims: '{' },
  }

  test.each(Object.keys(requests))('I-028 I-029 %s', async (name) => {
    const rp = relyingParty(op.issuer)
    const params = { response_type: 'code', ...requests[name] }
    const without = await authorize(op, rp, params)
    const { result: withHint, ...outcome } = await added(op, () => authorize(op, rp, { ...params, ...hint }))
    expect(shape(withHint)).toEqual(shape(without))
    expect({ asked, ...outcome }).toEqual({ asked: 0, new: [] })
  })

  test('I-024 I-027 nor sent as a form', async () => {
    const configuration = {
      enableHttpPostMethods: true,
      cookies: { keys: ['test'], long: { sameSite: 'none' } },
    } as const
    await withProvider({ configuration: configuration as never, deferred: { defer: whoeverCan } }, async (at) => {
      const rp = relyingParty(at.issuer)
      const form = new URL(rp.authorizationUrl({ response_type: 'code', ...hint })).searchParams
      const landing = await userAgent().visit(`${at.issuer}/auth`, { form })
      expect(Object.keys(landing.params).sort()).toEqual(['code', 'iss', 'state'])
      expect((await redeem(rp, landing.params.code as string)).body.error).toBe('invalid_request')
      expect((await redeem(rp, landing.params.code as string, opted)).body.error).toBe('authorization_pending')
    })
  })

  function shape({ params, status, url, html }: Awaited<ReturnType<typeof authorize>>) {
    const { code, response, ...others } = params
    const lengths = { code: code?.length, response: response?.split('.').length }
    const page = html.replace(/value="[^"]*"/g, '').replace(/nonce-[^']*/g, '')
    return { others, lengths, status, to: url && url.origin + url.pathname, page }
  }
})

test('I-025 I-027 an interaction can read the hint', async () => {
  const rp = relyingParty(op.issuer)
  const seen: unknown[] = []
  op.provider.on('interaction.started', (ctx) => seen.push(ctx.oidc.params?.completion_mode))
  await authorizationCode(rp, hint)
  expect(seen).toEqual(['deferred', 'deferred'])
})

describe('C-X04 response_type=deferred_code, where the hint means nothing', () => {
  test.each(['deferred_code', 'deferred_code code'])(
    '%s: deferred as without it, no opt-in at the exchange',
    async (type) => {
      const rp = relyingParty(op.issuer)
      const { params } = await authorize(op, rp, { response_type: type, ...hint })
      const exchanged = await rp.exchange(params.deferred_code as string)
      expect(exchanged).toMatchObject({ status: 200, body: { deferred_auth_id: expect.any(String) } })
      await op.provider.deferrals.approve((params.deferred_code as string).slice(0, 22))
      expect(await rp.poll(exchanged.body.deferred_auth_id)).toMatchObject({ status: 200 })
    },
  )
})
