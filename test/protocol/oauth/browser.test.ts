import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grants, held, pollDeferral, revoke } from '../../support/deferral.js'
import { nonceRequired } from '../../support/dpop_nonce.js'
import { basic } from '../../support/journey.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider, withProvider } from '../../support/provider.js'
import { type Answer, dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'

/*
 * A confidential client whose page runs on another origin; its secret came with the page, as some integrators do in spite of
 * all advice. What a page may read is what these headers say.
 */
let op: TestProvider
const { store, failNext } = observedStore()
const page = 'https://rp.example'
const fromPage = { headers: { origin: page } }
const corsOf = (origin: string) => ({ clientBasedCORS: (_ctx: unknown, from: string) => from === origin })

beforeAll(async () => {
  op = await startProvider({ configuration: corsOf(page), deferred: { store, defer: () => true } })
})

afterAll(() => op.close())

/** Whether the page may read the answer, and these headers of it. */
function readable({ headers }: Answer, names: string[] = []): boolean {
  const exposed = (headers.get('access-control-expose-headers') ?? '').toLowerCase().split(/, */)
  return headers.get('access-control-allow-origin') === page && names.every((name) => exposed.includes(name))
}

test.each(['/token', '/token/revocation'])(
  'I-056 I-109 the preflight of %s lets the page send its secret',
  async (path) => {
    const { status, headers } = await fetch(op.issuer + path, {
      method: 'OPTIONS',
      headers: {
        origin: page,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, content-type, dpop',
      },
    })
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(page)
    expect(headers.get('access-control-allow-methods')).toContain('POST')
    expect(headers.get('access-control-allow-headers')).toContain('authorization')
  },
)

describe.each(grants)('%s', (grant) => {
  const rp = () => relyingParty(op.issuer)

  test('I-036 I-073 the first answer, pending ones and slow_down are readable, and so is Retry-After', async () => {
    const { deferralCode, answer, id } = await held(op, rp(), grant, { extras: fromPage })
    const polled = () => pollDeferral(rp(), deferralCode, {}, fromPage)
    const answers = [answer, await polled(), await polled()]
    await op.provider.deferrals.requireInteraction(id, { uri: 'https://op.example/confirm' })
    op.clock.advance(10)
    answers.push(await polled())
    const errors = answers.map(({ body }) => body.error)
    expect(errors).toEqual(['authorization_pending', 'authorization_pending', 'slow_down', 'interaction_required'])
    for (const one of answers) {
      expect(readable(one, ['retry-after'])).toBe(true)
      expect(one.headers.get('vary')?.toLowerCase()).toContain('origin')
    }
  })

  test('Retry-After is readable where the store is away for a moment', async () => {
    const { deferralCode } = await held(op, rp(), grant)
    failNext('find', 'before', Object.assign(new Error('down'), { isTransient: true }))
    const answer = await pollDeferral(rp(), deferralCode, {}, fromPage)
    expect(answer.status).toBe(503)
    expect(readable(answer, ['retry-after'])).toBe(true)
  })

  test('I-060 I-075 tokens and refusals are readable', async () => {
    const [one, other] = [await held(op, rp(), grant), await held(op, rp(), grant)]
    await op.provider.deferrals.approve(one.id)
    await op.provider.deferrals.deny(other.id)
    for (const { deferralCode } of [one, other]) {
      expect(readable(await pollDeferral(rp(), deferralCode, {}, fromPage))).toBe(true)
    }
    expect(readable(await pollDeferral(rp(), 'x', {}, fromPage))).toBe(true)
  })

  test('I-109 a revocation is readable, and works', async () => {
    const { deferralCode, id } = await held(op, rp(), grant)
    const answer = await revoke(rp(), deferralCode, {}, fromPage)
    expect([answer.status, readable(answer)]).toEqual([200, true])
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
  })

  test("a page of another origin is refused by the client's rule, and nothing is exposed to it", async () => {
    const { deferralCode, id } = await held(op, rp(), grant)
    await op.provider.deferrals.approve(id)
    const elsewhere = { headers: { origin: 'https://evil.example' } }
    for (const present of [pollDeferral, revoke]) {
      const { status, headers, body } = await present(rp(), deferralCode, {}, elsewhere)
      expect({ status, body }).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
  })

  test('C-X06 the nonce a page has to use is readable, at polls and at revocations', async () => {
    const configuration = { ...corsOf(page), features: { dPoP: nonceRequired } }
    await withProvider({ configuration, deferred: { defer: () => true } }, async (strict) => {
      const rp: RelyingParty = relyingParty(strict.issuer, 'secret', await dpopKey())
      for (const present of [pollDeferral, revoke]) {
        const answer = await present(rp, 'x'.repeat(65), {}, fromPage)
        expect(answer.body.error).toBe('use_dpop_nonce')
        expect(answer.headers.get('dpop-nonce')).toEqual(expect.any(String))
        expect([present.name, readable(answer, ['dpop-nonce'])]).toEqual([present.name, true])
      }
    })
  })
})

test('I-036 a request from no page says nothing of origins to expose headers to', async () => {
  const { answer } = await held(op, relyingParty(op.issuer), 'client_credentials')
  expect(answer.headers.get('access-control-expose-headers') ?? '').not.toMatch(/retry-after/i)
  const { headers } = await relyingParty(op.issuer).token(
    { grant_type: 'client_credentials' },
    { headers: { ...fromPage.headers, ...basic('secret', 'wrong') } },
  )
  expect(headers.get('access-control-allow-origin')).toBe(page)
})
