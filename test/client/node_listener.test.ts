import { once } from 'node:events'
import { Agent, createServer, request as open, type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { bodyParser } from '@koa/bodyparser'
import express from 'express'
import Koa from 'koa'
import { toNodeListener } from 'oidc-provider-deferred/client'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { until } from '../support/receiver.js'
import { serving } from '../support/serve.js'
import { notification, openid, recorded, type Sent } from './received.js'

afterEach(() => void vi.restoreAllMocks())

type Receive = ReturnType<typeof recorded>['receive']

const frameworks: Record<string, (receive: Receive) => RequestListener> = {
  'node:http': toNodeListener,
  Express: (receive) => express().all('/notified', toNodeListener(receive)),
  'Express behind its JSON parser': (receive) =>
    express()
      .use(express.json({ limit: '2mb' }))
      .all('/notified', toNodeListener(receive)),
  'Express behind a parser of bytes': (receive) =>
    express()
      .use(express.raw({ type: () => true, limit: '2mb' }))
      .all('/notified', toNodeListener(receive)),
  'Express behind a parser of text': (receive) =>
    express()
      .use(express.text({ type: () => true, limit: '2mb' }))
      .all('/notified', toNodeListener(receive)),
  'Express behind a parser of forms': (receive) =>
    express().use(express.urlencoded()).all('/notified', toNodeListener(receive)),
  Koa: (receive) => new Koa().use((ctx) => toNodeListener(receive)(ctx.req, ctx.res)).callback(),
  'Koa behind its body parser': (receive) =>
    new Koa()
      .use(bodyParser({ jsonLimit: '2mb', enableTypes: ['json', 'form'] }))
      .use((ctx) => toNodeListener(receive)(Object.assign(ctx.req, { body: ctx.request.body }), ctx.res))
      .callback(),
}

describe.each(Object.entries(frameworks))('under %s', (_, listenerOf) => {
  async function send(sent: Sent = {}): Promise<{ status: number; notified: string[] }> {
    const { receive, notified } = recorded()
    return serving(listenerOf(receive), async (origin) => {
      const response = await fetch(`${origin}/notified`, notification(sent))
      expect(await response.text()).toBe('')
      if (response.status === 204) await until(() => notified.length > 0)
      return { status: response.status, notified }
    })
  }

  test('a notification is answered 204 and names its deferral', async () => {
    expect(await send()).toEqual({ status: 204, notified: [openid.handle] })
  })

  test.each<[string, number, Sent]>([
    ['a wrong bearer', 401, { token: 'guess' }],
    ['no bearer', 401, { authorization: '' }],
    ['a GET', 405, { method: 'GET' }],
    ['a PUT', 405, { method: 'PUT' }],
    ['a form', 415, { type: 'application/x-www-form-urlencoded', body: `deferred_auth_id=${openid.handle}` }],
    ['two members', 400, { body: JSON.stringify({ deferred_auth_id: openid.handle, more: 1 }) }],
    ['1 MB', 413, { body: JSON.stringify({ deferred_auth_id: 'o'.repeat(1_048_576) }) }],
  ])('%s is answered %i', async (_name, status, sent) => {
    expect(await send(sent)).toEqual({ status, notified: [] })
  })
})

describe('under node:http', () => {
  test('a connection is used again after a body that nobody wanted', async () => {
    const { receive } = recorded()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const body = 'x'.repeat(1_048_576)
    await serving(toNodeListener(receive), async (origin) => {
      const ports: (number | undefined)[] = []
      const statuses: (number | undefined)[] = []
      for (const type of ['application/json', 'text/plain', 'application/json']) {
        const headers = { 'content-type': type, authorization: `Bearer ${openid.token}` }
        const sent = open(origin, { method: 'POST', agent, headers }).end(body)
        const [response] = await once(sent, 'response')
        response.resume()
        await once(response, 'end')
        statuses.push(response.statusCode)
        ports.push(response.socket?.localPort ?? sent.socket?.localPort)
      }
      expect(statuses).toEqual([413, 415, 413])
      expect(new Set(ports).size).toBe(1)
    })
    agent.destroy()
  })

  test.each(['TRACE', 'CONNECTIVITY'])(
    'a method that the Fetch API or the parser forbids is refused: %s',
    async (method) => {
      const { receive, notified } = recorded()
      await serving(toNodeListener(receive), async (origin) => {
        const socket = connect(Number(new URL(origin).port), '127.0.0.1')
        socket.write(`${method} / HTTP/1.1\r\nhost: rp.example\r\n\r\n`)
        const [answer] = await once(socket, 'data')
        expect(String(answer)).toMatch(/^HTTP\/1.1 400 /)
        socket.destroy()
      })
      expect(notified).toEqual([])
    },
  )

  test.each(['/notified?from=op', '//evil.example/', 'http://evil.example/', '*'])(
    'a handler sees path and query, and no host of the client: %s',
    async (target) => {
      const urls: string[] = []
      const receive = async (request: Request) => {
        urls.push(request.url)
        return new Response('said', { status: 202, headers: { 'x-answer': 'yes' } })
      }
      await serving(toNodeListener(receive), async (origin) => {
        const sent = open(origin, { path: target, method: 'OPTIONS' }).end()
        const [response] = await once(sent, 'response')
        expect([response.statusCode, response.headers['x-answer']]).toEqual([202, 'yes'])
        expect(await text(response)).toBe('said')
      })
      expect(urls).toEqual([`http://receiver.invalid${target.startsWith('/') ? target : '/'}`])
    },
  )

  test('a body that comes in pieces is read to its end', async () => {
    const { receive, notified } = recorded()
    await serving(toNodeListener(receive), async (origin) => {
      const { headers, body } = notification()
      const sent = open(origin, { method: 'POST', headers: headers as Record<string, string> })
      const answered = once(sent, 'response')
      for (const character of String(body)) {
        sent.write(character)
        await new Promise((resolve) => setImmediate(resolve))
      }
      sent.end()
      const [response] = await answered
      expect(response.statusCode).toBe(204)
      await until(() => notified.length === 1)
    })
  })

  test('a request that is cut off in the middle notifies nobody, and the server goes on', async () => {
    const { receive, notified } = recorded()
    const requests: Promise<void>[] = []
    const listener = toNodeListener(receive)
    await serving(
      (req, res) => void requests.push(listener(req, res)),
      async (origin) => {
        const headers = { ...(notification().headers as Record<string, string>), 'content-length': '500' }
        const sent = open(origin, { method: 'POST', headers })
        sent.on('error', () => undefined)
        sent.write('{"deferred_auth_id":')
        await until(() => requests.length === 1)
        sent.destroy()
        await Promise.all(requests)
        expect((await fetch(origin, notification())).status).toBe(204)
        await until(() => notified.length > 0)
        expect(notified).toEqual([openid.handle])
      },
    )
  })
})

test.each<[string, () => Promise<Response>]>([
  ['rejects', async () => Promise.reject(new Error('secret of the application'))],
  [
    'throws',
    () => {
      throw new Error('secret of the application')
    },
  ],
  [
    'answers with a body that breaks off',
    async () => new Response(new ReadableStream({ start: (it) => it.error(new Error('secret of the application')) })),
  ],
])('a handler that %s: 500 without a body, and the error is logged', async (_how, receive) => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const listener = toNodeListener(receive)
  const unhandled = 599
  await serving(
    (req, res) => void listener(req, res).catch(() => res.writeHead(unhandled).end()),
    async (origin) => {
      const response = await fetch(origin, notification())
      expect([response.status, await response.text()]).toEqual([500, ''])
    },
  )
  expect(logged.mock.calls).toEqual([[expect.objectContaining({ message: 'secret of the application' })]])
})

test('a body that somebody read before is a fault of the application, and it says so', async () => {
  const app = new Koa().use(bodyParser()).use((ctx) => toNodeListener(recorded().receive)(ctx.req, ctx.res))
  await serving(app.callback(), async (origin) => {
    const response = await fetch(origin, notification())
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('before the body parser')])
  })
})

test('a proxy may have parsed the body without a stream', async () => {
  const { receive, notified } = recorded()
  const body = { deferred_auth_id: openid.handle }
  const headers = { 'content-type': 'application/json', ':path': '/notified', authorization: `Bearer ${openid.token}` }
  const none = () => undefined
  const statuses: number[] = []
  await toNodeListener(receive)(
    { method: 'POST', headers, body, on: none, pause: none, resume: none },
    { writeHead: (status) => ({ end: () => statuses.push(status) }) },
  )
  expect(statuses).toEqual([204])
  await until(() => notified.length > 0)
})

test('types: a listener of node:http and a handler of Express', () => {
  const listener = toNodeListener(recorded().receive)
  createServer(listener).close()
  express().post('/notified', listener)
})
