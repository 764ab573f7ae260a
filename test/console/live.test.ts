import { memoryStore, type Stored } from 'oidc-provider-deferred'
import { afterEach, expect, test, vi } from 'vitest'
import { authenticate, startDesk, type TestDesk } from './desk.js'

afterEach(() => vi.useRealTimers())

/** A page that listens. */
interface Listening {
  status: number
  headers: Headers
  /** the text that comes before this one, and it */
  until(text: string): Promise<string>
  /** all that comes until the stream ends */
  rest(): Promise<string>
  leave(): Promise<void>
}

async function listen({ url }: TestDesk, who = 'kim', headers: Record<string, string> = {}): Promise<Listening> {
  const controller = new AbortController()
  const cookie = who ? { cookie: `staff=${who}` } : {}
  const response = await fetch(`${url}events`, { headers: { ...cookie, ...headers }, signal: controller.signal })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let received = ''
  async function readWhile(isMissing: () => boolean): Promise<string> {
    while (isMissing()) {
      const { value, done } = await reader.read()
      if (done) break
      received += value
    }
    return received
  }
  return {
    status: response.status,
    headers: response.headers,
    until: (text) => readWhile(() => !received.includes(text)),
    rest: () => readWhile(() => true),
    leave: async () => controller.abort(),
  }
}

async function withDesk(options: Parameters<typeof startDesk>[0], use: (desk: TestDesk) => Promise<void>) {
  const desk = await startDesk(options)
  try {
    await use(desk)
  } finally {
    await desk.close()
  }
}

test('a change is told by its id and its event, and nothing else', async () => {
  await withDesk({}, async (desk) => {
    const stream = await listen(desk)
    expect(stream.status).toBe(200)
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(stream.headers.get('cache-control')).toBe('no-store, no-transform')
    const id = await desk.add({ accountId: 'a-person', title: 'a secret title' })
    await desk.op.provider.deferrals.comment(id, { by: 'robin', text: 'a remark' })
    const text = await stream.until('commented')
    expect(text).toContain(`data: {"id":"${id}","event":"created"}\n\n`)
    expect(text).toContain(`data: {"id":"${id}","event":"commented"}\n\n`)
    expect(text).not.toMatch(/a-person|secret|remark|robin/)
    await stream.leave()
  })
})

test('what another node has written is told too', async () => {
  const store = memoryStore()
  const desk = await startDesk({}, { deferred: { store } })
  try {
    const id = await desk.add()
    const stream = await listen(desk)
    const now = desk.op.clock.now()
    const before = (await store.find(id, now)) as Stored
    const denied = { status: 'denied', decision: { by: 'robin' }, decidedAt: now } as const
    const entry = { at: now, event: 'denied' }
    await store.swap(before, { after: { ...before, ...denied }, entry }, 'a write of another node', now)
    expect(await stream.until('changed')).toContain(`data: {"id":"${id}","event":"changed"}`)
    await stream.leave()
  } finally {
    await desk.close()
  }
})

test('only what the operator may read is told', async () => {
  const mayRead = (operator: { id: string }, { clientId }: { clientId: string }) =>
    clientId !== 'public' || operator.id === 'kim'
  await withDesk({ mayRead }, async (desk) => {
    const [kim, robin] = [await listen(desk, 'kim'), await listen(desk, 'robin')]
    const secret = await desk.add({ clientId: 'public' })
    const open = await desk.add()
    expect(await kim!.until(open)).toContain(secret)
    expect(await robin!.until(open)).not.toContain(secret)
  })
})

test('strangers and pages of other sites cannot listen', async () => {
  await withDesk({}, async (desk) => {
    expect((await listen(desk, '')).status).toBe(401)
    for (const site of ['cross-site', 'same-site', 'none']) {
      expect((await listen(desk, 'kim', { 'sec-fetch-site': site })).status).toBe(403)
    }
    const stream = await listen(desk, 'kim', { 'sec-fetch-site': 'same-origin' })
    expect(stream.status).toBe(200)
    const headers = { cookie: 'staff=kim' }
    const head = await fetch(`${desk.url}events`, { method: 'HEAD', headers })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect((await fetch(`${desk.url}events`, { method: 'POST', headers })).status).toBe(405)
  })
})

test('the stream has a heartbeat, and ends when the session does', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  let isSignedIn = true
  await withDesk({ authenticate: (ctx) => (isSignedIn ? authenticate(ctx) : undefined) }, async (desk) => {
    const stream = await listen(desk)
    await stream.until('retry')
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await stream.until('\n:\n')).toContain('\n:\n')
    await vi.advanceTimersByTimeAsync(15_000)
    isSignedIn = false
    await vi.advanceTimersByTimeAsync(30_000)
    await stream.rest()
    const id = await desk.add()
    expect(await stream.rest()).not.toContain(id)
  })
})

test('the stream ends when authenticate does not answer', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  let isHanging = false
  const never = new Promise<undefined>(() => {})
  await withDesk({ authenticate: (ctx) => (isHanging ? never : authenticate(ctx)) }, async (desk) => {
    const stream = await listen(desk)
    await stream.until('retry')
    isHanging = true
    await vi.advanceTimersByTimeAsync(60_000)
    const text = await stream.rest()
    const id = await desk.add()
    expect(text).not.toContain(id)
  })
})

test('the stream ends when somebody else has signed in, and when authenticate fails', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  let now: ReturnType<typeof authenticate> = { id: 'kim', name: 'Kim' }
  await withDesk({ authenticate: () => now }, async (desk) => {
    const first = await listen(desk)
    now = { id: 'robin', name: 'Robin' }
    await vi.advanceTimersByTimeAsync(30_000)
    await first.rest()
    const second = await listen(desk)
    now = Promise.reject(new Error('no database'))
    now.catch(() => undefined)
    await vi.advanceTimersByTimeAsync(30_000)
    await second.rest()
  })
})

test('the stream ends with the provider, and none is opened after that', async () => {
  await withDesk({}, async (desk) => {
    const streams = [await listen(desk), await listen(desk, 'robin')]
    await desk.op.provider.deferrals.close()
    for (const stream of streams) await stream.rest()
    expect((await listen(desk)).status).toBe(503)
  })
})

test('one operator has ten streams at most; one that was left makes room', async () => {
  await withDesk({}, async (desk) => {
    const streams: Listening[] = []
    for (let count = 0; count < 10; count++) streams.push(await listen(desk))
    expect(streams.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect((await listen(desk)).status).toBe(503)
    expect((await listen(desk, 'robin')).status).toBe(200)
    await streams[0]!.leave()
    await vi.waitFor(async () => expect((await listen(desk)).status).toBe(200))
  })
})
