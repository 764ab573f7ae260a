import { afterEach, expect, test, vi } from 'vitest'
import { notification, openid, recorded, type Sent } from './received.js'

const request = (sent?: Sent) => new Request('https://rp.example/notified', notification(sent))
const statusOf = async (sent?: Sent) => (await recorded().receive(request(sent))).status
const json = (value: unknown) => JSON.stringify(value)

/** Sends this text, and then stays silent. */
const silentAfter = (text: string) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
  })

afterEach(() => {
  vi.useRealTimers()
})

const handle = openid.handle

test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('refused with 405: the method %s', async (method) => {
  const response = await recorded().receive(request({ method }))
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
})

test.each(['application/x-www-form-urlencoded', 'text/plain', 'application/jsonp', 'application/json+x', 'text/json'])(
  'with 415: the type %s',
  async (type) => expect(await statusOf({ type })).toBe(415),
)

test('refused with 415: no type', async () => {
  const init = notification({ type: '' })
  const response = await recorded().receive(
    new Request('https://rp.example/', { ...init, body: new TextEncoder().encode(String(init.body)) }),
  )
  expect(response.status).toBe(415)
})

test.each<[string, string | null]>([
  ['none', null],
  ['an empty one', ''],
  ['no JSON', handle],
  ['no object', json(handle)],
  ['null', 'null'],
  ['a list', json([handle])],
  ['no member', '{}'],
  ['another member', json({ auth_req_id: handle })],
  ['one more member', json({ deferred_auth_id: handle, status: 'approved' })],
  ['both handles', json({ deferred_auth_id: handle, deferral_code: handle })],
  ['a number', json({ deferred_auth_id: 1 })],
  ['a list of handles', json({ deferred_auth_id: [handle] })],
  ['a member of the prototype', '{"__proto__":{"deferred_auth_id":"x"}}'],
])('refused with 400: a body that is %s', async (_, body) => expect(await statusOf({ body })).toBe(400))

test('refused with 400: a body that is not UTF-8', async () => {
  const text = Buffer.from(json({ deferred_auth_id: handle }))
  text[text.length - 4] = 0xff
  expect(await statusOf({ body: new Uint8Array(text) })).toBe(400)
})

test('refused with 400: a body that is cut off', async () => {
  const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) })
  expect(await statusOf({ body })).toBe(400)
})

test('refused with 413: more than 4 KiB, of which no more than that is read', async () => {
  const padded = (length: number) => json({ deferred_auth_id: handle }).padEnd(length)
  expect([await statusOf({ body: padded(4096) }), await statusOf({ body: padded(4097) })]).toEqual([204, 413])
  let [sent, isCancelled] = [0, false]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1024
      if (sent > 1_048_576) return controller.close()
      return controller.enqueue(new Uint8Array(1024).fill(0x20))
    },
    cancel() {
      isCancelled = true
    },
  })
  expect(await statusOf({ body })).toBe(413)
  expect([sent <= 8192, isCancelled]).toEqual([true, true])
})

test('refused with 408: a body that does not come within ten seconds', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { receive } = recorded()
  const response = receive(request({ body: silentAfter('{"deferred_auth_id":') }))
  let status: number | undefined
  response.then((answered) => {
    status = answered.status
  })
  await vi.advanceTimersByTimeAsync(9999)
  expect(status).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect((await response).status).toBe(408)
})
