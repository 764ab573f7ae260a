import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { challenged, nonceRequired, withNonce } from '../../support/dpop_nonce.js'
import { deferred, type Waiting, waiting } from '../../support/journey.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type DpopKey, dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let otherNode: TestProvider
let key: DpopKey
let rp: RelyingParty
const { store, calls } = observedStore()

beforeAll(async () => {
  key = await dpopKey()
  const configuration = { adapter: memoryAdapter(), features: { dPoP: nonceRequired } }
  op = await startProvider({ configuration, deferred: { store } })
  otherNode = await startProvider({ configuration, deferred: { store }, clock: op.clock, issuer: op.issuer })
  rp = relyingParty(op.issuer, 'public', key)
})

afterAll(async () => {
  await op.close()
  await otherNode.close()
})

async function held(): Promise<Waiting & { extras: ReturnType<typeof withNonce> }> {
  const { code } = await deferred(op, rp)
  const extras = withNonce(key, challenged(await rp.exchange(code)))
  const { body } = await rp.exchange(code, {}, extras)
  return { handle: body.deferred_auth_id, id: code.slice(0, 22), extras }
}

describe('C-X06 E-14 use_dpop_nonce', () => {
  test('C62 at the exchange leaves the code usable', async () => {
    const { code } = await deferred(op, rp)
    calls.length = 0
    const nonce = challenged(await rp.exchange(code))
    expect(calls).toEqual([])
    expect((await rp.exchange(code, {}, withNonce(key, nonce))).status).toBe(200)
  })

  test('C62 at a poll is neutral: the retry is the first poll', async () => {
    const { handle } = await held()
    calls.length = 0
    const nonce = challenged(await rp.poll(handle))
    expect(calls).toEqual([])
    expect((await rp.poll(handle, {}, withNonce(key, nonce))).body.error).toBe('authorization_pending')
  })

  test('C62 never counts as a poll, however often, nor does it put off the next one', async () => {
    const { handle, extras } = await held()
    expect((await rp.poll(handle, {}, extras)).body.error).toBe('authorization_pending')
    for (let second = 1; second < 5; second++) {
      op.clock.advance(1)
      challenged(await rp.poll(handle))
    }
    op.clock.advance(1)
    expect((await rp.poll(handle, {}, extras)).body.error).toBe('authorization_pending')
    expect((await rp.poll(handle, {}, extras)).body.error).toBe('slow_down')
    challenged(await rp.poll(handle))
  })

  test('C62 when approved redeems nothing, the retry does', async () => {
    const { handle, id, extras } = await held()
    await op.provider.deferrals.approve(id)
    challenged(await rp.poll(handle))
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    expect(await rp.poll(handle, {}, extras)).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
  })

  test('C62 at the cancellation endpoint cancels nothing, the retry does', async () => {
    const { handle, id } = await held()
    const nonce = challenged(await rp.cancel(handle))
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
    expect(await rp.cancel(handle, {}, withNonce(key, nonce))).toMatchObject({ status: 200, body: {} })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
  })

  test('tells nothing about the handle: an unknown one is challenged alike', async () => {
    challenged(await rp.poll('x'.repeat(65)))
    const { extras } = await held()
    expect((await rp.poll('x'.repeat(65), {}, extras)).body.error).toBe('invalid_grant')
  })

  test('C62 a nonce of one node is accepted by another with the same secret', async () => {
    const { handle, extras } = await held()
    const there = relyingParty(otherNode.origin, 'public', key)
    expect((await there.poll(handle, {}, extras)).body.error).toBe('authorization_pending')
    const nonce = challenged(await there.poll(handle))
    op.clock.advance(5)
    expect((await rp.poll(handle, {}, withNonce(key, nonce))).body.error).toBe('authorization_pending')
  })

  test('C62 a nonce of another provider is challenged again', async () => {
    const { handle } = await held()
    challenged(await rp.poll(handle, {}, withNonce(key, randomBytes(42).toString('base64url'))))
  })
})

test('a client that needs no proof is not asked for a nonce', async () => {
  const secret = relyingParty(op.issuer)
  const { handle } = await waiting(op, secret)
  expect((await secret.poll(handle)).body.error).toBe('authorization_pending')
})
