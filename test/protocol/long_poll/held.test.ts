import { describe, expect, test } from 'vitest'
import { observedAdapter } from '../../support/observed.js'
import { useProvider } from '../../support/use_provider.js'
import { applied, moment, pendingOf, profiles } from './held_polls.js'

const { adapter, calls } = observedAdapter()
const op = useProvider({
  // older hosts allow no origin by default
  configuration: { adapter, clientBasedCORS: () => true },
  deferred: { defer: () => true, longPoll: { seconds: 20 } },
})
const deferrals = () => op.provider.deferrals

describe.each(profiles)('a poll with Prefer: wait, %s profile', (profile) => {
  test.each(['public', 'secret', 'assertion'])(
    'is answered with the tokens when a reviewer approves (%s)',
    async (client) => {
      const { id, poll } = await pendingOf(op, profile, client)
      const answer = poll(20)
      await moment()
      await deferrals().approve(id)
      expect(await answer).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
      expect(applied(await answer)).toBe('wait=20')
      expect((await answer).took).toBeLessThan(10)
    },
  )

  test.each([
    ['deny', { description: 'too much' }, { error: 'access_denied', reason: 'too much' }],
    ['cancel', {}, { error: 'access_denied' }],
    ['progress', { step: 'review' }, { error: 'authorization_pending', progress: { step: 'review' } }],
  ] as const)('is answered when it changes: %s', async (verb, argument, body) => {
    const { id, poll } = await pendingOf(op, profile)
    const answer = poll(20)
    await moment()
    await deferrals()[verb](id, argument as never)
    expect(await answer).toMatchObject({ status: 400, body })
    expect(applied(await answer)).toBe('wait=20')
    expect((await answer).took).toBeLessThan(10)
  })

  test('is not answered for what the client does not see', async () => {
    const { id, poll } = await pendingOf(op, profile)
    const answer = poll(2)
    await moment()
    await deferrals().comment(id, { by: 'reviewer', text: 'who is it?' })
    await deferrals().assign(id, { to: 'reviewer' })
    expect((await answer).body).toMatchObject({ error: 'authorization_pending' })
    expect((await answer).took).toBeGreaterThan(1.9)
  })

  test('is answered as pending when its time is over, and says when to come back', async () => {
    const { poll } = await pendingOf(op, profile)
    const answer = await poll(1)
    expect(answer).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
    expect(applied(answer)).toBe('wait=1')
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.took).toBeGreaterThan(0.9)
  })

  test('is answered at once if it is decided already', async () => {
    const { id, poll } = await pendingOf(op, profile)
    await deferrals().approve(id)
    const answer = await poll(20)
    expect(answer).toMatchObject({ status: 200 })
    expect(applied(answer)).toBeNull()
  })

  test('is answered as expired when the deferral expires', async () => {
    const { poll } = await pendingOf(op, profile)
    const answer = poll(2)
    await moment()
    op.clock.advance(86_400)
    expect((await answer).body.error).toBe('expired_token')
  })

  test('pacing counts from its end', async () => {
    const { poll } = await pendingOf(op, profile)
    const answer = poll(1)
    await moment()
    op.clock.advance(10)
    expect((await answer).body.error).toBe('authorization_pending')
    const early = await poll(20)
    expect(early.body.error).toBe('slow_down')
    expect(early.took).toBeLessThan(2)
    expect(applied(early)).toBeNull()
    op.clock.advance(5)
    expect((await poll()).body.error).toBe('authorization_pending')
  })

  test('a proof and an assertion are used once', async () => {
    for (const client of ['public', 'assertion']) {
      const { id, poll } = await pendingOf(op, profile, client)
      calls.length = 0
      const answer = poll(20)
      await moment()
      const before = calls.filter((call) => call.startsWith('ReplayDetection'))
      await deferrals().approve(id)
      expect((await answer).status).toBe(200)
      expect(before.length).toBeGreaterThan(0)
      expect(calls.filter((call) => call.startsWith('ReplayDetection'))).toEqual(before)
    }
  })
})

test('interaction_required ends it', async () => {
  const { id, poll } = await pendingOf(op, 'oauth')
  const answer = poll(20)
  await moment()
  await deferrals().requireInteraction(id, { uri: 'https://op.example/confirm' })
  expect((await answer).body).toMatchObject({
    error: 'interaction_required',
    interaction_uri: 'https://op.example/confirm',
  })
})

test('a script in a browser can read the header', async () => {
  const { poll } = await pendingOf(op, 'oauth', 'public')
  const { headers } = await poll(1, op, { headers: { origin: 'https://rp.example' } })
  expect(headers.get('access-control-expose-headers')).toMatch(/Preference-Applied/)
})

test('several polls of one deferral are answered, and one gets the tokens', async () => {
  const { id, poll } = await pendingOf(op, 'oauth')
  const first = poll(20)
  await moment()
  op.clock.advance(10)
  const second = poll(20)
  await moment()
  await deferrals().approve(id)
  const answers = await Promise.all([first, second])
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  const [other] = answers.filter(({ status }) => status !== 200)
  expect(['authorization_pending', 'invalid_grant']).toContain(other?.body.error)
})
