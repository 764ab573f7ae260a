import { beforeAll, expect, test } from 'vitest'
import { authorize, clientOf, deferralOf } from '../../support/authorization.js'
import type { Answer, RelyingParty } from '../../support/relying_party.js'
import { useProvider } from '../../support/use_provider.js'

// what the draft leaves to the provider, and what was decided

const op = useProvider()
let rp: RelyingParty

beforeAll(async () => {
  rp = await clientOf(op, 'secret')
})

async function waiting(interaction = {}): Promise<{ id: string; poll: () => Promise<Answer> }> {
  const { params } = await authorize(op, rp, {}, { interaction })
  const { body } = await rp.exchange(params.deferred_code!)
  const { id } = await deferralOf(op, params.deferred_code)
  return { id, poll: () => rp.poll(body.deferred_auth_id) }
}

test('O-068 progress is told to reviewers as well', async () => {
  const { id } = await waiting()
  await op.provider.deferrals.progress(id, { step: 'document_review', position: 3, estimate: 600 })
  const progress = { step: 'document_review', position: 3, estimate: 600 }
  expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending', progress })
})

test('O-077 a client that will not slow down hears slow_down as often as it likes, and its deferral lives', async () => {
  const { id, poll } = await waiting()
  expect((await poll()).body.error).toBe('authorization_pending')
  for (let i = 0; i < 30; i++) {
    expect(await poll()).toMatchObject({ status: 400, body: { error: 'slow_down' } })
  }
  await op.provider.deferrals.approve(id)
  expect(await poll()).toMatchObject({ status: 200 })
})

test.each([
  ['cancelled', (id: string) => op.provider.deferrals.cancel(id)],
  ['denied', (id: string) => op.provider.deferrals.deny(id)],
])('O-110 evidence of a deferral that was %s is kept for the record', async (status, end) => {
  const { id } = await waiting({ context: { picture: 's3://evidence/1' } })
  await end(id)
  expect(await op.provider.deferrals.get(id)).toMatchObject({ status, context: { picture: 's3://evidence/1' } })
})

test('O-070 errors of the token endpoint stay what they are', async () => {
  const { poll } = await waiting()
  expect(await rp.token({ grant_type: 'nonsense' })).toMatchObject({
    status: 400,
    body: { error: 'unsupported_grant_type' },
  })
  expect(await rp.token({})).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  const headers = { authorization: `Basic ${Buffer.from('secret:wrong').toString('base64')}` }
  expect(await rp.poll('x', {}, { headers })).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  expect((await poll()).body.error).toBe('authorization_pending')
})
