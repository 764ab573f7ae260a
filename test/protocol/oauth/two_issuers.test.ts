import { randomBytes } from 'node:crypto'
import { memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notifiedAt } from '../../support/clients.js'
import { createClock } from '../../support/clock.js'
import { held, pollDeferral, revoke } from '../../support/deferral.js'
import { deferred, waiting } from '../../support/journey.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let other: TestProvider
const store = memoryStore()

// one store, one adapter, the same keys, clients of the same names and secrets
beforeAll(async () => {
  const keys = [randomBytes(32)]
  const start = () =>
    startProvider({
      clock,
      configuration: { adapter, clients: notifiedAt('https://rp.example/notified') },
      deferred: { store, keys, notification: { worker: false }, defer: (_ctx, { profile }) => profile === 'oauth' },
    })
  const [clock, adapter] = [createClock(), memoryAdapter()]
  op = await start()
  other = await start()
})
afterAll(async () => {
  await op.close()
  await other.close()
})

const rp = () => relyingParty(op.issuer)
const stranger = () => relyingParty(other.issuer)

/** A deferral of the first issuer, and every message about its handle at the second. */
const begun = {
  openid: async () => {
    const { handle, id } = await waiting(op, rp())
    const messages = { poll: () => stranger().poll(handle), cancel: () => stranger().cancel(handle) }
    return { id, handle, messages, poll: () => rp().poll(handle) }
  },
  oauth: async () => {
    const { deferralCode: handle, id } = await held(op, rp(), 'client_credentials')
    const messages = { poll: () => pollDeferral(stranger(), handle) }
    return { id, handle, messages, poll: () => pollDeferral(rp(), handle) }
  },
}

describe.each(['openid', 'oauth'] as const)('%s: a deferral of one issuer', (profile) => {
  test('is not there for clients of another that shares everything with it', async () => {
    const { id, handle, messages, poll } = await begun[profile]()
    const unknown = 'x'.repeat(65)
    const missed = profile === 'openid' ? await stranger().poll(unknown) : await pollDeferral(stranger(), unknown)
    for (const [name, send] of Object.entries({ ...messages, revoke: () => revoke(stranger(), handle) })) {
      const { status, body } = await send()
      expect({ status, body }).toEqual(
        name === 'poll' ? { status: 400, body: missed.body } : { status: 200, body: name === 'cancel' ? {} : '' },
      )
    }
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
    expect(await store.find(id)).toMatchObject({ revision: expect.any(Number), status: 'pending' })
    await op.provider.deferrals.approve(id)
    expect((await messages.poll()).body.error).toBe('invalid_grant')
    expect((await poll()).status).toBe(200)
  })

  test('is not there for the back office of another', async () => {
    const { id } = await begun[profile]()
    const before = await store.find(id)
    const { deferrals } = other.provider
    expect(await deferrals.get(id)).toBeUndefined()
    expect(await deferrals.list()).toEqual({ deferrals: [] })
    expect((await deferrals.notifications.list()).notifications).toEqual([])
    const uri = 'https://op.example/desk'
    const verbs = {
      approve: () => deferrals.approve(id),
      deny: () => deferrals.deny(id),
      progress: () => deferrals.progress(id, { step: 'a step' }),
      cancel: () => deferrals.cancel(id),
      extend: () => deferrals.extend(id, { expiresIn: 60 }),
      requireInteraction: () => deferrals.requireInteraction(id, { uri }),
      resume: () => deferrals.resume(id),
      replay: () => deferrals.notifications.replay(id),
    }
    for (const work of Object.values(verbs))
      await expect(work()).rejects.toMatchObject({ code: 'ERR_DEFERRAL_NOT_FOUND' })
    expect((await store.find(id))?.revision).toBe(before?.revision)
    expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: true })
  })
})

test('a deferred code of one issuer is unknown to another, and not spent there', async () => {
  const { code, id } = await deferred(op, rp())
  const { status, body } = await stranger().exchange(code)
  expect({ status, body }).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect((await rp().exchange(code)).status).toBe(200)
  // nor is a second use there taken for a theft
  expect((await stranger().exchange(code)).body.error).toBe('invalid_grant')
  expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
})
