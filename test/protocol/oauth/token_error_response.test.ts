import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeldDeferral, held, pollDeferral, revoke } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, relyingParty } from '../../support/relying_party.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({ deferred: { defer: () => true, ttl: { deferral: 3600 } } })
})

afterAll(() => op.close())

const html = { headers: { accept: 'text/html' } }
const uri = 'https://op.example/confirm'
const deferrals = () => op.provider.deferrals

type Arrange = (held: HeldDeferral) => Promise<unknown>

/** What becomes of a deferral, and what a poll is then answered: the ladder. */
const ladder: [ids: string, event: string, arrange: Arrange, error: string][] = [
  ['I-070', 'nothing', async () => undefined, 'authorization_pending'],
  ['I-071', 'an interaction', ({ id }) => deferrals().requireInteraction(id, { uri }), 'interaction_required'],
  ['I-073', 'a poll just before', ({ deferralCode }) => polled(deferralCode), 'slow_down'],
  ['I-061 I-075', 'a denial', ({ id }) => deferrals().deny(id), 'access_denied'],
  ['I-061 I-075', 'a cancellation', ({ id }) => deferrals().cancel(id), 'access_denied'],
  ['I-061 I-075', 'a revocation', ({ deferralCode }) => revoke(party(), deferralCode), 'access_denied'],
  ['I-061 C-I04', 'a cancellation after an approval', approvedThenCancelled, 'access_denied'],
  ['I-059 I-074', 'its end', async () => op.clock.advance(3600), 'expired_token'],
  ['C-I02', 'an approval, then its end', approvedThenOver, 'expired_token'],
  ['I-062 I-067', 'a redemption', redeemed, 'invalid_grant'],
  ['I-062 I-067 C-I03', 'a redemption, then its end', redeemedThenOver, 'invalid_grant'],
]

const party = () => relyingParty(op.issuer)
const polled = (deferralCode: string): Promise<Answer> => pollDeferral(party(), deferralCode)

async function approvedThenCancelled({ id }: HeldDeferral) {
  await deferrals().approve(id)
  await deferrals().cancel(id)
}

async function approvedThenOver({ id }: HeldDeferral) {
  await deferrals().approve(id)
  op.clock.advance(3600)
}

async function redeemed({ id, deferralCode }: HeldDeferral) {
  await deferrals().approve(id)
  expect((await polled(deferralCode)).status).toBe(200)
}

async function redeemedThenOver(held: HeldDeferral) {
  await redeemed(held)
  op.clock.advance(3600)
}

describe('authorization_code', () => {
  const grant = 'authorization_code'

  test.each(ladder)('I-069 C-I30 %s after %s a poll is answered, as JSON', async (_ids, _event, arrange, error) => {
    const one = await held(op, party(), grant)
    await arrange(one)
    const { status, headers, body } = await pollDeferral(party(), one.deferralCode, {}, html)
    expect({ status, error: body.error }).toEqual({ status: 400, error })
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(body.error_description ?? '').toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/)
    // I-044: the code, its lifetime and the interval are said once only
    const members = Object.keys(body).filter((name) => name !== 'error_description')
    expect(members).toEqual(error === 'interaction_required' ? ['error', 'interaction_uri'] : ['error'])
    if (['authorization_pending', 'interaction_required', 'slow_down'].includes(error)) return
    // what is final stays, however hurried, and whatever reviewers try then
    await deferrals().approve(one.id)
    await deferrals().requireInteraction(one.id, { uri })
    for (let n = 0; n < 5; n++) expect((await polled(one.deferralCode)).body.error).toBe(error)
  })

  test('I-014 each state has an error code of its own', () => {
    const states = ladder.map(([, , , error]) => error)
    expect(new Set(states).size).toBe(6)
  })

  test('I-069 C-I30 neither is the deferred response, nor any other error', async () => {
    const rp = party()
    const { answer, deferralCode } = await held(op, rp, grant, { extras: html })
    const answers = [
      answer,
      await polled('unknown'),
      await pollDeferral(rp, deferralCode, { scope: 'another' }),
      await pollDeferral(relyingParty(op.issuer, 'plain'), deferralCode),
      await pollDeferral(relyingParty(op.issuer, 'nobody'), deferralCode),
      await pollDeferral(rp, deferralCode, {}, { headers: { dpop: 'broken' } }),
    ]
    const errors = answers.map(({ body }) => body.error)
    const asked = ['authorization_pending', 'invalid_grant', 'invalid_request', 'unauthorized_client', 'invalid_client']
    expect(errors).toEqual([...asked, 'invalid_dpop_proof'])
    expect(new Set(answers.map(({ headers }) => headers.get('cache-control')))).toEqual(new Set(['no-store']))
  })

  test('I-077 I-078 only its client learns that a code was redeemed, from error_description', async () => {
    const rp = party()
    const one = await held(op, rp, grant)
    await redeemed(one)
    const description = async (by: typeof rp, code: string) => (await pollDeferral(by, code)).body.error_description
    const other = relyingParty(op.issuer, 'other')
    const [mine, unknown] = [await description(rp, one.deferralCode), await description(rp, 'x'.repeat(65))]
    expect(mine).toMatch(/redeemed/)
    expect(unknown).not.toMatch(/redeemed/)
    expect(await description(other, one.deferralCode)).toBe(unknown)
  })

  test('I-080 I-082 progress is told in opaque steps', async () => {
    const { id, deferralCode } = await held(op, party(), grant)
    await deferrals().progress(id, { step: 'document_review', position: 3, estimate: 600 })
    const { body } = await polled(deferralCode)
    expect(body).toMatchObject({
      error_description: 'step=document_review; position=3; estimate=600',
      progress: { step: 'document_review', position: 3, estimate: 600 },
    })
    await deferrals().requireInteraction(id, { uri })
    op.clock.advance(5)
    expect((await polled(deferralCode)).body).toMatchObject({ error: 'interaction_required', interaction_uri: uri })
  })

  test.each(['approve', 'deny', 'cancel'] as const)(
    'I-081 I-137 who decided, and what they noted, is shown to no client: %s',
    async (verb) => {
      const { id, deferralCode } = await held(op, party(), grant)
      const { body: before } = await polled(deferralCode)
      await deferrals()[verb](id, { by: 'reviewer@example.com', ...(verb !== 'cancel' && { note: 'passport 12345' }) })
      const { body: decided } = await polled(deferralCode)
      const { body: after } = await polled(deferralCode)
      const said = JSON.stringify([before, decided, after])
      for (const told of ['reviewer', 'example.com', 'passport', '12345']) expect(said).not.toContain(told)
    },
  )
})
