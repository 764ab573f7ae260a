import { memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { party, type Waiting, waiting } from '../../support/journey.js'
import { observedAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider, withProvider } from '../../support/provider.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
// nodes do not hear of each other's decisions: what memory alone may do
const { watch, ...deaf } = memoryStore()
const { store, calls } = observedStore(deaf)
const { adapter, calls: hostCalls } = observedAdapter()

beforeAll(async () => {
  op = await startProvider({ configuration: { adapter }, deferred: { store, ttl: { deferral: 600 } } })
})

afterAll(() => op.close())

/** Polls after each pause and lists what was said. */
async function said(rp: RelyingParty, handle: string, pauses: number[]): Promise<string[]> {
  const errors = []
  for (const pause of pauses) {
    op.clock.advance(pause)
    errors.push((await rp.poll(handle)).body.error)
  }
  return errors
}

const [pending, slow] = ['authorization_pending', 'slow_down']

/** What many polls hear, so many seconds apart. */
const distinct = async (rp: RelyingParty, handle: string, count: number, seconds: number) => [
  ...new Set(await said(rp, handle, Array<number>(count).fill(seconds))),
]

describe.each(['secret', 'public'])('%s client', (clientId) => {
  let rp: RelyingParty
  let held: Waiting

  beforeEach(async () => {
    rp = await party(op, clientId)
    held = await waiting(op, rp)
  })

  test('O-072 C35 C36 C37 a poll before the interval is slow_down, one after it is pending', async () => {
    expect(await said(rp, held.handle, [0, 1, 4, 5, 3])).toEqual([pending, slow, pending, pending, slow])
  })

  test('O-072 C38 a client that waits interval + 5 s after slow_down gets another answer', async () => {
    expect(await said(rp, held.handle, [0, 0.1, 0.1, 0.1, 10])).toEqual([pending, slow, slow, slow, pending])
  })

  test('O-072 Retry-After says the interval, and interval + 5 on slow_down', async () => {
    expect((await rp.poll(held.handle)).headers.get('retry-after')).toBe('5')
    const refused = await rp.poll(held.handle)
    expect(refused).toMatchObject({ status: 400, body: { error: 'slow_down' } })
    expect(refused.headers.get('retry-after')).toBe('10')
    expect(refused.headers.get('cache-control')).toBe('no-store')
  })

  test('C49 one early poll close to expiry is answered on its merits', async () => {
    op.clock.advance(592)
    expect(await said(rp, held.handle, [0, 3.5, 1, 4])).toEqual([pending, pending, slow, 'expired_token'])
  })

  test('E-48 refusals never put off the next answer', async () => {
    expect(await said(rp, held.handle, [0, 1, 1, 1, 1])).toEqual([pending, slow, slow, slow, pending])
  })
})

describe('what a poll costs', () => {
  test('a compliant pending poll of a client with a secret is one read and no write, in the plugin and in the host', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await waiting(op, rp)
    for (let n = 0; n < 3; n++) {
      calls.length = hostCalls.length = 0
      op.clock.advance(5)
      expect((await rp.poll(handle)).body.error).toBe(pending)
      expect(calls).toEqual(['find'])
      expect(hostCalls).toEqual([])
    }
  })

  test.each(['public', 'assertion'])(
    'a compliant pending poll of a %s client adds one replay record of the host',
    async (clientId) => {
      const rp = await party(op, clientId)
      const { handle } = await waiting(op, rp)
      calls.length = hostCalls.length = 0
      await rp.poll(handle)
      expect(calls).toEqual(['find'])
      expect(hostCalls).toEqual(['ReplayDetection.insertUnique'])
    },
  )

  test('E-47 refused polls cost at most one read a second and never a write', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await waiting(op, rp)
    await rp.poll(handle)
    calls.length = hostCalls.length = 0
    expect(await distinct(rp, handle, 35, 0.1)).toEqual([slow])
    // 3.5 s
    expect(calls.length).toBeGreaterThan(0)
    expect(calls.length).toBeLessThanOrEqual(4)
    expect(new Set(calls)).toEqual(new Set(['find']))
    expect(hostCalls).toEqual([])
  })
})

describe('what slow_down may replace', () => {
  test.each([
    ['approved', async (id: string) => op.provider.deferrals.approve(id), undefined],
    ['denied', async (id: string) => op.provider.deferrals.deny(id), 'access_denied'],
    ['cancelled', async (id: string) => op.provider.deferrals.cancel(id), 'access_denied'],
  ])('a deferral %s on this node is answered on its merits at once', async (_status, decide, expected) => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    expect(await said(rp, handle, [0, 0])).toEqual([pending, slow])
    await decide(id)
    expect((await rp.poll(handle)).body.error).toBe(expected)
  })

  test('one decided on another node at the latest 1 s after it was read as pending here', async () => {
    await withProvider({ clock: op.clock, issuer: op.issuer, deferred: { store } }, async (other) => {
      const rp = relyingParty(op.issuer)
      const { handle, id } = await waiting(op, rp)
      expect((await rp.poll(handle)).body.error).toBe(pending)
      await other.provider.deferrals.deny(id)
      expect(await said(rp, handle, [1, 0.001])).toEqual([slow, 'access_denied'])
    })
  })

  test('O-116 C41 an expired deferral is expired_token, however early the poll', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await waiting(op, rp)
    op.clock.advance(599.5)
    expect(await said(rp, handle, [0, 0, 0.5, 0])).toEqual([pending, slow, 'expired_token', 'expired_token'])
  })
})

test('a cancellation is never slow_down', async () => {
  const rp = relyingParty(op.issuer)
  const { handle } = await waiting(op, rp)
  expect(await said(rp, handle, [0, 0])).toEqual([pending, slow])
  expect((await rp.cancel(handle)).status).toBe(200)
  expect((await rp.poll(handle)).body.error).toBe('access_denied')
})

test('O-077 C-O23 a client that polls too fast gets slow_down for as long as it does, never invalid_request', async () => {
  const rp = relyingParty(op.issuer)
  const { handle } = await waiting(op, rp)
  await rp.poll(handle)
  expect(await distinct(rp, handle, 60, 0.05)).toEqual([slow])
})

test('two deferrals of one client are paced apart', async () => {
  const rp = relyingParty(op.issuer)
  const [one, other] = [await waiting(op, rp), await waiting(op, rp)]
  expect(await said(rp, one.handle, [0, 0])).toEqual([pending, slow])
  expect(await said(rp, other.handle, [0])).toEqual([pending])
})

test('a client in a browser may read Retry-After', async () => {
  const op = await startProvider({ configuration: { clientBasedCORS: () => true } })
  const rp = relyingParty(op.issuer)
  const { handle } = await waiting(op, rp)
  const { headers } = await rp.poll(handle, {}, { headers: { origin: 'https://rp.example' } })
  expect(headers.get('access-control-expose-headers')).toContain('Retry-After')
  await op.close()
})
