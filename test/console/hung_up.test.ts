import { once } from 'node:events'
import { connect, constants, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { createConsole, ExportEntry } from 'oidc-provider-deferred/console'
import { expect, test } from 'vitest'
import { authenticate, byKoa, startDesk, type TestDesk } from './desk.js'

type Authenticate = typeof authenticate
/** A page that is opened and closed again, while `authenticate` runs. */
type ClosePage = (path: string) => Promise<void>

const headers = { cookie: 'staff=kim', 'x-closes': 'yes' }

/** `authenticate` takes longer than these pages are open. */
function slowSignIn() {
  let arrive = () => {}
  let goOn = () => {}
  const slow: Authenticate = async (ctx) => {
    if (ctx.get('x-closes') === '') return authenticate(ctx)
    arrive()
    await once(ctx.res, 'close')
    setImmediate(goOn)
    return authenticate(ctx)
  }
  return {
    slow,
    arrival: () => new Promise<void>((resolve) => (arrive = resolve)),
    end: () => new Promise<void>((resolve) => (goOn = resolve)),
  }
}

function overHttp1({ url }: TestDesk, { arrival, end }: ReturnType<typeof slowSignIn>): ClosePage {
  return async (path) => {
    const controller = new AbortController()
    const [arrived, ended] = [arrival(), end()]
    const answer = fetch(url + path, { headers, signal: controller.signal })
    await arrived
    controller.abort()
    await Promise.all([expect(answer).rejects.toThrow(), ended])
  }
}

const protocols = ['HTTP/1.1', 'HTTP/2'] as const

/** A console, and a client that closes its pages over this protocol. */
async function withClosingClient(
  protocol: (typeof protocols)[number],
  options: Parameters<typeof startDesk>[0],
  use: (desk: TestDesk, closePage: ClosePage) => Promise<void>,
) {
  const signIn = slowSignIn()
  let app: ReturnType<typeof createConsole> | undefined
  const by: typeof byKoa = (koa, path) => {
    app = koa
    return byKoa(koa, path)
  }
  const desk = await startDesk({ authenticate: signIn.slow, ...options }, { by })
  const listener = byKoa(app!, '/desk')
  const http2 = createHttp2Server((req, res) => listener(req as never, res as never)).listen(0, '127.0.0.1')
  await once(http2, 'listening')
  const session = connect(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`)
  const overHttp2: ClosePage = async (path) => {
    const [arrived, ended] = [signIn.arrival(), signIn.end()]
    const stream = session.request({ ':path': `/desk/${path}`, ...headers })
    await arrived
    stream.close(constants.NGHTTP2_CANCEL)
    await ended
  }
  try {
    await use(desk, protocol === 'HTTP/2' ? overHttp2 : overHttp1(desk, signIn))
  } finally {
    session.destroy()
    http2.close()
    await desk.close()
  }
}

test.each(protocols)(
  'a page that is closed while authenticate runs takes no place of its operator: %s',
  async (protocol) => {
    await withClosingClient(protocol, {}, async (desk, closePage) => {
      for (let page = 0; page < 10; page++) await closePage('events')
      const controller = new AbortController()
      const answer = await fetch(`${desk.url}events`, {
        headers: { cookie: headers.cookie },
        signal: controller.signal,
      })
      expect(answer.status).toBe(200)
      controller.abort()
    })
  },
)

test.each(protocols)(
  'an export whose reader leaves before its first line is logged to its end: %s',
  async (protocol) => {
    const entries: ExportEntry[] = []
    await withClosingClient(protocol, { log: (_, entry) => void entries.push(entry) }, async (desk, closePage) => {
      await desk.add()
      await closePage('export.csv')
      await expect
        .poll(() => entries)
        .toEqual([
          { event: 'export.started', format: 'csv' },
          { event: 'export.ended', format: 'csv', rows: 0, isComplete: false },
        ])
    })
  },
)
