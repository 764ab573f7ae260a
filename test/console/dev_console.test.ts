import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import express from 'express'
import Koa from 'koa'
import mount from 'koa-mount'
import { memoryStore, Provider } from 'oidc-provider-deferred'
import { createDeferral } from 'oidc-provider-deferred/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { startProvider, type TestOptions, type TestProvider, withProvider } from '../support/provider.js'
import { revisionIn } from './desk.js'

afterEach(() => vi.unstubAllEnvs())

const deferred = { devConsole: true }

/** The status of the console for a request with these headers; `fetch` would not send all of them. */
function statusWith(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
}

async function approveThere({ origin, provider }: TestProvider, path: string): Promise<void> {
  const { id } = await createDeferral(provider, { clientId: 'secret', accountId: 'developer' })
  const url = `${origin}${path}/deferred/console`
  const bare = await fetch(url, { redirect: 'manual' })
  expect([bare.status, bare.headers.get('location')]).toEqual([308, './console/'])
  const queue = await (await fetch(url)).text()
  expect(queue).toContain(`href="deferrals/${id}"`)
  const [sheet] = /assets\/console\.[\w-]{16}\.css/.exec(queue) ?? []
  expect((await fetch(`${url}/${sheet}`)).status).toBe(200)
  const page = await (await fetch(`${url}/deferrals/${id}?status=pending`)).text()
  const decision = await fetch(`${url}/deferrals/${id}/approve`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ revision: revisionIn(page), confirmed: 'yes' }),
  })
  expect([decision.status, decision.headers.get('location')]).toEqual([303, `../${id}?done=approved`])
  expect((await fetch(`${url}/api/deferrals/${id}`)).status).toBe(200)
  expect(await provider.deferrals.get(id)).toMatchObject({ status: 'approved', decision: { by: 'developer' } })
}

const mounts: [string, TestOptions][] = [
  ['the provider alone', {}],
  [
    'koa-mount',
    {
      mounted: {
        path: '/oidc',
        by: (provider) => new Koa().use(mount('/oidc', provider.app)).callback(),
      },
    },
  ],
  [
    'Express',
    {
      mounted: {
        path: '/oidc',
        by: (provider) => {
          const app = express()
          app.use('/oidc', provider.callback())
          return app
        },
      },
    },
  ],
]

test.each(mounts)('devConsole approves a request below the issuer: %s', async (_, options) => {
  await withProvider({ ...options, deferred }, (op) => approveThere(op, options.mounted?.path ?? ''))
})

test.each([
  ['x-forwarded-for', '127.0.0.1'],
  ['x-forwarded-host', 'localhost'],
  ['x-forwarded-proto', 'https'],
  ['forwarded', 'for=127.0.0.1'],
  ['via', '1.1 proxy'],
  ['x-real-ip', '127.0.0.1'],
  ['cf-connecting-ip', '127.0.0.1'],
  ['host', 'evil.example'],
  ['host', 'localhost.evil.example'],
  ['host', '127.0.0.1.evil.example'],
  ['origin', 'http://evil.example'],
  ['origin', 'null'],
])('devConsole refuses a request with %s: %s', async (name, value) => {
  await withProvider({ deferred }, async ({ origin, provider }) => {
    provider.proxy = true
    for (const path of ['', '/', '/api/deferrals', '/assets/x']) {
      const status = await statusWith(`${origin}/deferred/console${path}`, { [name]: value })
      expect([path, status]).toEqual([path, 403])
    }
    expect(await statusWith(`${origin}/deferred/console/`, { host: 'localhost:1234' })).toBe(200)
    expect(await statusWith(`${origin}/deferred/console/`, { host: '[::1]' })).toBe(200)
  })
})

test.each([
  ['127.0.0.1', 200],
  ['127.8.9.10', 200],
  ['::1', 200],
  ['::ffff:127.0.0.1', 200],
  ['192.168.1.7', 403],
  ['::ffff:10.0.0.1', 403],
  ['1127.0.0.1', 403],
  [undefined, 403],
])('devConsole answers a connection from %s with %i', async (address, expected) => {
  const op = await startProvider({ deferred })
  const callback = op.provider.callback()
  // a connection from elsewhere, as far as its address goes
  const server = createServer((req, res) => {
    Object.defineProperty(req.socket, 'remoteAddress', { value: address })
    callback(req, res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const port = typeof bound === 'object' ? bound?.port : undefined
  expect(await statusWith(`http://127.0.0.1:${port}/deferred/console/`, {})).toBe(expected)
  server.closeAllConnections()
  server.close()
  await op.close()
})

test('without devConsole nothing is served there', async () => {
  await withProvider({}, async ({ origin }) => {
    expect((await fetch(`${origin}/deferred/console/`)).status).toBe(404)
  })
})

test('devConsole refuses a proxy on this machine that hides itself: HTTP/1.0, and a page with another address', async () => {
  await withProvider({ deferred }, async ({ origin }) => {
    const { hostname, port, host } = new URL(origin)
    const socket = connect(Number(port), hostname)
    // as nginx does it without further settings
    socket.write(`GET /deferred/console/ HTTP/1.0\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    const [answer] = await once(socket, 'data')
    socket.destroy()
    expect(String(answer)).toMatch(/^HTTP\/1\.1 403 /)
    const page = { 'sec-fetch-site': 'same-origin', referer: 'https://op.example/deferred/console/' }
    expect(await statusWith(`${origin}/deferred/console/`, page)).toBe(403)
    // a link of another site is no proxy
    const link = { ...page, 'sec-fetch-site': 'cross-site' }
    expect(await statusWith(`${origin}/deferred/console/`, link)).toBe(200)
  })
})

test('devConsole stops when NODE_ENV becomes production after the start', async () => {
  await withProvider({ deferred }, async ({ origin }) => {
    expect(await statusWith(`${origin}/deferred/console/`, {})).toBe(200)
    vi.stubEnv('NODE_ENV', 'production')
    expect(await statusWith(`${origin}/deferred/console/`, {})).toBe(403)
  })
})

test.each(['https://op.example', 'https://localhost.example', 'http://192.168.1.7:3000'])(
  'devConsole with the issuer %s is a TypeError at start',
  (issuer) => {
    const features = { deferredTokenResponse: { store: memoryStore(), devConsole: true } }
    expect(() => new Provider(issuer, { features })).toThrow(
      new TypeError(
        'features.deferredTokenResponse.devConsole needs an issuer on localhost, mount createConsole with your own sign-in for any other',
      ),
    )
  },
)

test('devConsole prints its address as a warning', async () => {
  const warnings: string[] = []
  const listen = ({ message }: Error) => void warnings.push(message)
  process.on('warning', listen)
  await withProvider(
    { deferred, issuer: 'http://localhost:3000' },
    () => new Promise((resolve) => setImmediate(resolve)),
  )
  process.off('warning', listen)
  expect(warnings).toContain(
    'features.deferredTokenResponse.devConsole lets everybody on this machine decide at http://localhost:3000/deferred/console/',
  )
})

test('devConsole with NODE_ENV=production is a TypeError at start', () => {
  vi.stubEnv('NODE_ENV', 'production')
  const start = (devConsole: boolean) =>
    new Provider('https://op.example', { features: { deferredTokenResponse: { store: memoryStore(), devConsole } } })
  expect(() => start(true)).toThrow(
    new TypeError(
      'features.deferredTokenResponse.devConsole must not be on with NODE_ENV=production, mount createConsole with your own sign-in',
    ),
  )
  void start(false).deferrals.close()
})
