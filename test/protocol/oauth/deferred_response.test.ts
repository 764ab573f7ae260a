import type { Deferring } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grants, held, request } from '../../support/deferral.js'
import { observedAdapter } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'
import { firstAnswer } from './first_answer.js'

let op: TestProvider
let deferring: true | Deferring = true
const host = observedAdapter()

beforeAll(async () => {
  op = await startProvider({ configuration: { adapter: host.adapter }, deferred: { defer: () => deferring } })
})
afterAll(() => op.close())

const textHtml = { headers: { accept: 'text/html' } }

describe.each(grants)('%s', (grant) => {
  test('I-035 I-036 I-038 I-043 I-044 I-045 has the members of the draft’s example, and no others', async () => {
    deferring = true
    const { answer } = await held(op, relyingParty(op.issuer), grant)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(Object.keys(answer.body)).toEqual(['error', 'error_description', 'deferral_code', 'expires_in', 'interval'])
    expect(answer.body).toEqual(firstAnswer)
  })

  test('I-036 I-045 C-I01 has those of the draft’s second example when somebody has to act at once', async () => {
    deferring = { interaction: { uri: 'https://op.example/confirm' } }
    const { answer } = await held(op, relyingParty(op.issuer), grant)
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 400,
      body: {
        error: 'interaction_required',
        error_description: 'the deferred request waits for an interaction',
        interaction_uri: 'https://op.example/confirm',
        deferral_code: expect.any(String),
        expires_in: 86_400,
        interval: 5,
      },
    })
  })

  test('I-036 E-52 is JSON whatever the client would like better', async () => {
    deferring = true
    for (const accept of ['text/html', 'text/html,application/xhtml+xml;q=0.9', 'image/png', 'application/jwt']) {
      const { answer } = await held(op, relyingParty(op.issuer), grant, { extras: { headers: { accept } } })
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(answer.body).toHaveProperty('deferral_code')
    }
  })

  test('E-51 is not to be cached, and says when to come back', async () => {
    deferring = { interval: 30 }
    const { answer } = await held(op, relyingParty(op.issuer), grant, { extras: textHtml })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('retry-after')).toBe('30')
    expect(answer.headers.get('www-authenticate')).toBeNull()
    expect(answer.headers.get('etag')).toBeNull()
  })

  test('I-043 I-044 tells lifetime and interval of this deferral, in seconds', async () => {
    deferring = { expiresIn: 3600, interval: 30 }
    const { answer, id } = await held(op, relyingParty(op.issuer), grant)
    expect(answer.body).toMatchObject({ expires_in: 3600, interval: 30 })
    const { createdAt, expiresAt } = (await op.provider.deferrals.get(id)) ?? {}
    expect(Number(expiresAt) - Number(createdAt)).toBe(3_600_000)
  })

  test('I-037 gives access to nothing: no token is stored, announced or answered', async () => {
    deferring = true
    for (const key of [undefined, await dpopKey()]) {
      const rp = relyingParty(op.issuer, 'secret', key)
      const announced: string[] = []
      const note = (token: { kind: string }) => announced.push(token.kind)
      const events = ['access_token.saved', 'client_credentials.saved', 'refresh_token.saved'] as const
      for (const event of events) op.provider.on(event as 'access_token.saved', note)
      host.calls.length = 0
      const { answer } = await held(op, rp, grant, { request: { scope: 'openid offline_access', prompt: 'consent' } })
      for (const event of events) op.provider.off(event, note)
      expect(Object.keys(answer.body).filter((name) => /token/.test(name))).toEqual([])
      expect(host.calls.filter((call) => /^(AccessToken|ClientCredentials|RefreshToken)\./.test(call))).toEqual([])
      expect(announced).toEqual([])
    }
  })

  test('I-037 the code is no access token', async () => {
    deferring = true
    const { deferralCode } = await held(op, relyingParty(op.issuer), grant)
    const userinfo = await fetch(`${op.issuer}/me`, { headers: { authorization: `Bearer ${deferralCode}` } })
    expect(userinfo.status).toBe(401)
    const introspected = await relyingParty(op.issuer).post('/token/introspection', { token: deferralCode })
    expect(introspected).toMatchObject({ status: 200, body: { active: false } })
  })

  test('E-53 E-55 context and account reach reviewers, and no client', async () => {
    deferring = { context: { risk: 'high', document: 'evidence/4711' } }
    const { answer, id } = await held(op, relyingParty(op.issuer), grant)
    expect(JSON.stringify(answer.body)).not.toMatch(/high|4711|alice|risk/)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ context: { risk: 'high', document: 'evidence/4711' } })
  })

  test('E-54 the interval is the same for every request unless defer says otherwise', async () => {
    deferring = true
    const intervals = await Promise.all(
      ['openid', 'openid email', 'openid payments'].map(async (scope) => {
        const { answer } = await request(relyingParty(op.issuer), grant, { request: { scope } })
        return answer.body.interval
      }),
    )
    expect(intervals).toEqual([5, 5, 5])
  })
})

describe('deferral_code', () => {
  const codes: string[] = []

  beforeAll(async () => {
    deferring = true
    const rp = relyingParty(op.issuer)
    const answers = await Promise.all(Array.from({ length: 200 }, () => request(rp, 'client_credentials')))
    codes.push(...answers.map(({ answer }) => answer.body.deferral_code))
  })

  test('I-039 I-040 I-041 is base64url without padding, of more than 160 random bits', () => {
    for (const code of codes) expect(code).toMatch(/^[A-Za-z0-9_-]{65}$/)
    expect(new Set(codes).size).toBe(codes.length)
    // the part after the id alone: 32 octets
    const secrets = codes.map((code) => Buffer.from(code.slice(22), 'base64url'))
    expect(new Set(secrets.map(({ length }) => length))).toEqual(new Set([32]))
    const ones = secrets.map((secret) => [...secret].reduce((sum, byte) => sum + bitsOf(byte), 0))
    const mean = ones.reduce((sum, count) => sum + count, 0) / ones.length
    // 128 expected, standard deviation of the mean 0.57
    expect(Math.abs(mean - 128)).toBeLessThan(4)
  })

  test('I-039 every character but the few that end a group of octets varies', () => {
    for (let at = 0; at < 65; at++) {
      const seen = new Set(codes.map((code) => code[at])).size
      // the last characters of 16 and of 32 octets carry 2 and 4 bits
      expect(seen).toBeGreaterThan(at === 21 ? 3 : at === 64 ? 10 : 45)
    }
  })

  test('I-011 I-042 says nothing: no JSON, no JWT, no client, account, scope or time in it', () => {
    for (const code of codes) {
      const bytes = Buffer.from(code, 'base64url').toString('latin1')
      expect(code.split('.')).toHaveLength(1)
      expect(`${code} ${bytes}`).not.toMatch(/secret|alice|openid|payments|client|\{"\w+":/)
    }
  })

  test('I-041 the same request twice gives codes that have nothing in common', () => {
    const starts = codes.map((code) => code.slice(0, 8))
    expect(new Set(starts).size).toBe(starts.length)
  })

  const bitsOf = (byte: number) => byte.toString(2).replaceAll('0', '').length
})
