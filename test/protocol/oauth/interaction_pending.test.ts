import { expect, test } from 'vitest'
import { held, pollDeferral } from '../../support/deferral.js'
import { type TestProvider, withProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { useProvider } from '../../support/use_provider.js'

const uri = 'https://op.example/confirm'
const on = { deferred: { defer: () => ({ interaction: { uri } }), profiles: { oauth: { interactionPending: true } } } }
const op = useProvider(on)

async function begun(at: TestProvider) {
  const rp = relyingParty(at.issuer)
  const { deferralCode, id } = await held(at, rp, 'client_credentials', {
    params: { completion_mode: 'deferred_interactive' },
  })
  const poll = () => {
    at.clock.advance(5)
    return pollDeferral(rp, deferralCode)
  }
  return { id, poll, deferrals: at.provider.deferrals }
}

test('IP-01 IP-02 the answer is interaction_pending only after the provider saw the interaction begin', async () => {
  const { id, poll, deferrals } = await begun(op)
  expect((await poll()).body.error).toBe('interaction_required')
  expect(await deferrals.beginInteraction(id, { by: 'alice' })).toMatchObject({
    changed: true,
    deferral: { interactionBegunAt: expect.any(Date) },
  })
  const { status, headers, body } = await poll()
  expect(status).toBe(400)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('retry-after')).toBe('5')
  expect(headers.get('content-type')).toMatch(/^application\/json\b/)
  expect(body).toEqual({
    error: 'interaction_pending',
    error_description: 'the deferred request waits for an interaction that has begun',
    interaction_uri: uri,
  })
  await deferrals.progress(id, { step: 'step 2', position: 1 })
  expect((await poll()).body).toMatchObject({ error: 'interaction_pending', progress: { step: 'step 2', position: 1 } })
})

test('IP-03 it is not final: the three pending answers alternate, and tokens follow', async () => {
  const { id, poll, deferrals } = await begun(op)
  await deferrals.beginInteraction(id)
  expect((await poll()).body.error).toBe('interaction_pending')
  await deferrals.resume(id)
  expect((await poll()).body.error).toBe('authorization_pending')
  await deferrals.requireInteraction(id, { uri })
  expect((await poll()).body.error).toBe('interaction_required')
  await deferrals.beginInteraction(id)
  await deferrals.approve(id)
  expect((await deferrals.get(id))?.interactionBegunAt).toBeUndefined()
  expect((await poll()).status).toBe(200)
})

test('slow_down replaces it, as it replaces every pending answer', async () => {
  const { id, poll, deferrals } = await begun(op)
  await deferrals.beginInteraction(id)
  await poll()
  op.clock.advance(-5)
  expect((await poll()).body.error).toBe('slow_down')
})

test('while the option is off clients get interaction_required, as ever', async () => {
  await withProvider({ deferred: { defer: () => ({ interaction: { uri } }) } }, async (off) => {
    const { id, poll, deferrals } = await begun(off)
    await deferrals.beginInteraction(id)
    expect((await poll()).body).toEqual({
      error: 'interaction_required',
      error_description: 'the deferred request waits for an interaction',
      interaction_uri: uri,
    })
  })
})

test('without an interaction there is nothing to begin', async () => {
  const { id, deferrals } = await begun(op)
  await deferrals.resume(id)
  expect(await deferrals.beginInteraction(id)).toMatchObject({ changed: false })
  await expect(deferrals.beginInteraction(5 as never)).rejects.toThrow(TypeError)
})
