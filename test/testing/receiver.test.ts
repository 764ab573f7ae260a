import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { memoryStore } from 'oidc-provider-deferred'
import { notificationReceiver } from 'oidc-provider-deferred/client'
import {
  createDeferral,
  type ReceiverOptions,
  type RecordingReceiver,
  recordingReceiver,
} from 'oidc-provider-deferred/testing'
import { expect, test } from 'vitest'
import { notifiedAt } from '../support/clients.js'
import { type TestProvider, withProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { serving } from '../support/serve.js'

/** A provider whose clients are all notified at a receiver. */
async function notifying(
  options: ReceiverOptions,
  use: (op: TestProvider, receiver: RecordingReceiver) => Promise<void>,
): Promise<void> {
  const receiver = await recordingReceiver(options)
  const configuration = { clients: notifiedAt(receiver.endpoint) }
  const deferred = { keys: [randomBytes(32)], notification: receiver.notification, store: memoryStore() }
  try {
    await withProvider({ configuration, deferred, clock: realClock }, (op) => use(op, receiver))
  } finally {
    await receiver.close()
  }
}

const realClock = { now: () => new Date(), advance: () => undefined }

test('records what arrives, in both profiles, with and without a token', async () => {
  await notifying({}, async ({ provider }, receiver) => {
    const openid = await createDeferral(provider, { clientId: 'secret', profile: 'openid', notificationToken: 'token' })
    await provider.deferrals.approve(openid.id)
    const [first] = await receiver.waitFor(1)
    expect(first).toMatchObject({
      handle: openid.handle,
      token: 'token',
      body: JSON.stringify({ deferred_auth_id: openid.handle }),
    })
    expect(first?.path).toBe('/notified')
    expect([first?.headers.get('delivery-id'), first?.headers.get('delivery-attempt')]).toEqual([openid.id, '1'])

    const oauth = await createDeferral(provider, { clientId: 'other' })
    await provider.deferrals.deny(oauth.id)
    const [, second] = await receiver.waitFor(2)
    expect(second).toMatchObject({ handle: oauth.handle, token: undefined })
    expect(receiver.received).toHaveLength(2)
  })
})

test('answers as told, and the provider acts on it', async () => {
  const answer = () => new Response(null, { status: 404 })
  await notifying({ answer }, async ({ provider }, receiver) => {
    const failed = new Promise((resolve) => provider.once('deferral.notification_failed', resolve))
    const { id } = await createDeferral(provider, { clientId: 'secret' })
    await provider.deferrals.approve(id)
    await failed
    const { notifications } = await provider.deferrals.notifications.list({ status: 'failed' })
    expect(notifications).toMatchObject([{ id, answer: 404 }])
    expect(receiver.received).toHaveLength(1)
  })
})

test('an answer that throws is a 500, and the provider will try again', async () => {
  const answer = () => Promise.reject(new Error('planted'))
  await notifying({ answer }, async ({ provider }, receiver) => {
    const { id } = await createDeferral(provider, { clientId: 'secret' })
    await provider.deferrals.approve(id)
    await receiver.waitFor(1)
    const status = async () => (await provider.deferrals.notifications.list()).notifications[0]
    await until(async () => (await status())?.answer === 500)
    expect(await status()).toMatchObject({ id, status: 'owed', attempts: 1 })
  })
})

test('hands notifications to a notificationReceiver, which can read them', async () => {
  const known = new Map<string, { notificationToken: string }>()
  const notified: string[] = []
  const answer = notificationReceiver({
    find: (handle) => known.get(handle),
    onNotified: (handle) => notified.push(handle),
  })
  await notifying({ answer }, async ({ provider }) => {
    const delivered = new Promise((resolve) => provider.once('deferral.notified', resolve))
    const { id, handle } = await createDeferral(provider, { clientId: 'secret', notificationToken: 'token' })
    known.set(handle, { notificationToken: 'token' })
    await provider.deferrals.approve(id)
    await delivered
    await until(() => notified.length > 0)
    expect(notified).toEqual([handle])
  })
})

test('hands notifications to an endpoint that listens elsewhere', async () => {
  const bodies: string[] = []
  const endpoint: RequestListener = async (request, response) => {
    bodies.push(await text(request))
    response.writeHead(204).end()
  }
  await serving(endpoint, (origin) =>
    notifying({ answer: (request) => fetch(`${origin}/notified`, request) }, async ({ provider }) => {
      const delivered = new Promise((resolve) => provider.once('deferral.notified', resolve))
      const { id, handle } = await createDeferral(provider, { clientId: 'secret' })
      await provider.deferrals.approve(id)
      await delivered
      expect(bodies).toEqual([JSON.stringify({ deferral_code: handle })])
    }),
  )
})

test('waitFor rejects when too few arrive, and says how many', async () => {
  await using receiver = await recordingReceiver()
  await expect(receiver.waitFor(1, 0.01)).rejects.toThrow('0 of 1 notifications came within 0.01 seconds')
  expect(await receiver.waitFor(0)).toEqual([])
})

test('a wrong argument is a TypeError that says what to write', async () => {
  await using receiver = await recordingReceiver()
  const seconds = 'waitFor: seconds must be a number of seconds such as 30, at most a day'
  for (const wrong of [{ timeout: 5 }, '5', -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    await expect(receiver.waitFor(1, wrong as never)).rejects.toThrow(new TypeError(seconds))
  }
  for (const wrong of [undefined, '1', 0.5]) {
    await expect(receiver.waitFor(wrong as never)).rejects.toThrow('waitFor: count must be a whole number such as 1')
  }
  await expect(recordingReceiver({ anwser: () => new Response() } as never)).rejects.toThrow(
    new TypeError('recordingReceiver: anwser is not an option, use one of answer'),
  )
})

test('what is no notification is recorded, too', async () => {
  await using receiver = await recordingReceiver()
  const { Agent, fetch } = await import('undici')
  const { ca } = receiver.notification
  const { port } = new URL(receiver.endpoint)
  const dispatcher = new Agent({ connect: { ca: String(ca), servername: 'rp.example' } })
  const { status } = await fetch(`https://127.0.0.1:${port}/`, { method: 'POST', body: 'nonsense', dispatcher })
  expect([status, receiver.received]).toEqual([204, [expect.objectContaining({ handle: undefined, body: 'nonsense' })]])
  await dispatcher.close()
})

test('a notification that is cut off is no notification, and nothing is left unhandled', async () => {
  await using receiver = await recordingReceiver()
  const unhandled: unknown[] = []
  const note = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', note)
  const headers = 'Host: rp.example\r\nContent-Type: application/json\r\nContent-Length: 100'
  const socket = connect({
    port: Number(new URL(receiver.endpoint).port),
    host: '127.0.0.1',
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  socket.write(`POST /notified HTTP/1.1\r\n${headers}\r\n\r\n{"deferral`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  socket.destroy()
  await new Promise((resolve) => setTimeout(resolve, 100))
  process.off('unhandledRejection', note)
  expect([receiver.received, unhandled]).toEqual([[], []])
})
