import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { until } from '../support/receiver.js'
import { notification, oauth, openid, recorded, type Sent } from './received.js'

const request = (sent?: Sent) => new Request('https://rp.example/notified', notification(sent))
const statusOf = async (sent?: Sent) => (await recorded().receive(request(sent))).status
const json = (value: unknown) => JSON.stringify(value)

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a notification', () => {
  test.each([
    ['the openid profile', {}, openid.handle],
    ['the oauth profile', { token: oauth.token, body: json({ deferral_code: oauth.handle }) }, oauth.handle],
    [
      'any case of scheme and media type',
      { authorization: `bearer  ${openid.token}`, type: 'Application/JSON' },
      openid.handle,
    ],
    ['a media type with a parameter', { type: 'application/json; charset=utf-8' }, openid.handle],
  ])('of %s is answered 204, and then its deferral is named', async (_, sent: Sent, handle) => {
    const { receive, notified } = recorded()
    const response = await receive(request(sent))
    expect([response.status, notified]).toEqual([204, []])
    await until(() => notified.length > 0)
    expect(notified).toEqual([handle])
  })

  test('that is repeated is answered like the first', async () => {
    const { receive, notified } = recorded()
    for (let n = 0; n < 3; n++) expect((await receive(request())).status).toBe(204)
    await until(() => notified.length === 3)
  })

  test('in a body of many chunks is read to its end', async () => {
    const whole = new TextEncoder().encode(json({ deferred_auth_id: openid.handle }))
    const chunks = [...whole].map((byte) => Uint8Array.of(byte))
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = chunks.shift()
        if (chunk) controller.enqueue(chunk)
        else controller.close()
      },
    })
    expect(await statusOf({ body })).toBe(204)
  })

  test('keeps a worker running until the client has polled', async () => {
    const { receive, notified } = recorded()
    const work: Promise<unknown>[] = []
    await receive(request(), { waitUntil: (promise) => work.push(promise) })
    await Promise.all(work)
    expect([work.length, notified]).toEqual([1, [openid.handle]])
  })

  test('calls waitUntil as a method, because that of a worker reads its own object', async () => {
    class Context {
      #work: Promise<unknown>[] = []
      waitUntil(work: Promise<unknown>) {
        this.#work.push(work)
      }
      done = () => Promise.all(this.#work)
    }
    const { receive, notified } = recorded()
    const context = new Context()
    expect((await receive(request(), context)).status).toBe(204)
    await context.done()
    expect(notified).toEqual([openid.handle])
  })

  test.each([null, 'a server'])('takes what a framework passes in the place of a context: %j', async (context) => {
    expect((await recorded().receive(request(), context as never)).status).toBe(204)
  })
})

describe('a stranger', () => {
  const body = (handle: string, name = 'deferred_auth_id') => json({ [name]: handle })

  test.each<[string, Sent]>([
    ['no Authorization', { authorization: '' }],
    ['another scheme', { authorization: `Basic ${openid.token}` }],
    ['no token', { authorization: 'Bearer ' }],
    ['two tokens', { authorization: `Bearer ${openid.token}, ${openid.token}` }],
    ['the token of another deferral', { token: oauth.token }],
    ['a token that is longer', { token: `${openid.token}=` }],
    ['a token that is shorter', { token: openid.token.slice(0, -1) }],
    ['a token in another case', { token: openid.token.toUpperCase() }],
    ['a handle that nobody has', { body: body('x'.repeat(65)) }],
    ['a handle of the other profile', { body: body(openid.handle, 'deferral_code') }],
    ['a deferral without a token', { token: 'undefined', body: body('q'.repeat(65), 'deferral_code') }],
    ['the name of a member of every object', { body: body('constructor') }],
  ])('with %s gets 401, always the same', async (_, sent) => {
    const { receive, notified, errors } = recorded()
    const response = await receive(request(sent))
    expect([response.status, [...response.headers], await response.text()]).toEqual([
      401,
      [['www-authenticate', 'Bearer']],
      '',
    ])
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([notified, errors]).toEqual([[], []])
  })

  test('learns nothing from the time: a miss hashes as much as a hit, and digests are compared whole', async () => {
    const hashed: string[] = []
    const { digest } = crypto.subtle
    vi.spyOn(crypto.subtle, 'digest').mockImplementation((algorithm, data) => {
      hashed.push(Buffer.from(data as Uint8Array).toString())
      return digest.call(crypto.subtle, algorithm, data)
    })
    await statusOf({ token: 'guess' })
    await statusOf({ token: 'guess', body: body('x'.repeat(65)) })
    expect(hashed).toEqual(['guess', openid.token, 'guess', ''])
  })

  test('is refused although its token differs in the last byte of the digest only', async () => {
    const real = createHash('sha256').update('a').digest()
    const near = Buffer.from(real)
    near[31] = (near[31] as number) ^ 1
    vi.spyOn(crypto.subtle, 'digest')
      .mockResolvedValueOnce(new Uint8Array(real).buffer)
      .mockResolvedValueOnce(new Uint8Array(near).buffer)
    expect(await statusOf()).toBe(401)
  })
})

describe('errors of the client', () => {
  const fault = new Error('planted')

  test.each([
    [
      'throws',
      () => {
        throw fault
      },
    ],
    ['rejects', () => Promise.reject(fault)],
  ])('find %s: 503, and the provider sends it again', async (_, find) => {
    const { receive, notified, errors } = recorded({ find })
    expect((await receive(request())).status).toBe(503)
    expect([notified, errors]).toEqual([[], [fault]])
  })

  test.each([
    [
      'throws',
      () => {
        throw fault
      },
    ],
    ['rejects', () => Promise.reject(fault)],
  ])('onNotified %s: the answer is out, and the error is reported', async (_, onNotified) => {
    const { receive, errors } = recorded({ onNotified })
    const work: Promise<unknown>[] = []
    expect((await receive(request(), { waitUntil: (promise) => work.push(promise) })).status).toBe(204)
    await Promise.all(work)
    expect(errors).toEqual([fault])
  })

  test('onError throws: nothing else fails', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const other = new Error('of onError')
    const { receive } = recorded({
      find: () => Promise.reject(fault),
      onError: () => {
        throw other
      },
    })
    expect((await receive(request())).status).toBe(503)
    expect(printed.mock.calls).toEqual([[other]])
  })

  test('without onError they go to the console, and say nothing of the notification', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { receive } = recorded({ find: () => Promise.reject(fault), onError: undefined as never })
    expect((await receive(request())).status).toBe(503)
    expect(printed.mock.calls).toEqual([[fault]])
  })

  test('find may be synchronous, and find nothing with null', async () => {
    expect((await recorded({ find: () => null }).receive(request())).status).toBe(401)
    const kept = { profile: 'openid', notificationToken: openid.token } as const
    expect((await recorded({ find: () => kept }).receive(request())).status).toBe(204)
  })
})
