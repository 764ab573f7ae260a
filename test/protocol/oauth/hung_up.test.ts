import { once } from 'node:events'
import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http'
import { connect, constants, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { grantType } from '../../support/clients.js'
import { basic, waiting } from '../../support/journey.js'
import { observedAdapter } from '../../support/observed.js'
import type { TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { kinds, startDeciding, waitingRequest } from './decisions/waiting_request.js'

let op: TestProvider
let whileMinting: (ctx: KoaContextWithOIDC) => Promise<unknown>
const minted: string[] = []
const { adapter } = observedAdapter()
const http2 = createHttp2Server((req, res) => op.provider.callback()(req as never, res as never))

beforeAll(async () => {
  op = await startDeciding({}, { adapter, extraTokenClaims: (ctx) => whileMinting(ctx).then(() => ({ seen: true })) })
  op.provider.on('access_token.saved', ({ jti }) => minted.push(jti))
  op.provider.on('client_credentials.saved', ({ jti }) => minted.push(jti))
  await once(http2.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  http2.close()
  await op.close()
})
beforeEach(() => {
  minted.length = 0
  whileMinting = async () => undefined
})

/** The client hangs up as soon as tokens are being minted, and the provider has noticed before they are. */
function hangUpWhileMinting(hangUp: () => void): Promise<unknown> {
  whileMinting = async ({ req }) => {
    whileMinting = async () => undefined
    hangUp()
    const { stream = req.socket } = req as { stream?: typeof req.socket }
    await new Promise((resolve) => stream.once('close', resolve))
  }
  return new Promise((resolve) => op.provider.once('grant.error', resolve).once('grant.success', resolve))
}

async function expectNothingGiven(id: string): Promise<void> {
  expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
  expect(minted).toHaveLength(1)
  for (const model of ['AccessToken', 'ClientCredentials']) {
    expect(await adapter(model).find(minted[0] as string)).toBeUndefined()
  }
}

test.each(kinds)('%s: a client that has hung up is given nothing, and its next poll gets tokens', async (kind) => {
  const { id, poll } = await waitingRequest(op, kind, { scope: kind === 'client_credentials' ? 'read' : 'openid' })
  await op.provider.deferrals.approve(id)
  const { fetch } = globalThis
  const connection = new AbortController()
  const sending = vi
    .spyOn(globalThis, 'fetch')
    .mockImplementationOnce((url, init) => fetch(url, { ...init, signal: connection.signal }))
  const handled = hangUpWhileMinting(() => connection.abort())
  await expect(poll()).rejects.toThrow('aborted')
  sending.mockRestore()
  await handled
  await expectNothingGiven(id)
  expect(await poll()).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
})

/** One poll, and the ways to hang up before it is answered. */
interface Sent {
  answer: Promise<{ status: number; body: Record<string, unknown> }>
  destroy(): void
  end(): void
}

/** A connection that polls go through one after the other. */
interface Connection {
  send(body: string): Sent
  close(): void
}

const headers = {
  'content-type': 'application/x-www-form-urlencoded',
  ...basic('secret', 'a secret of the client'),
}

function http1(): Connection {
  const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 })
  return {
    send(body) {
      const request: ClientRequest = httpRequest(`${op.issuer}/token`, { agent, method: 'POST', headers })
      request.end(body)
      const answer = once(request, 'response').then(async ([response]) => ({
        status: response.statusCode,
        body: JSON.parse(await text(response)),
      }))
      return { answer, destroy: () => request.destroy(), end: () => request.socket?.end() }
    },
    close: () => agent.destroy(),
  }
}

function http2Session(): Connection {
  const session = connect(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`)
  session.on('error', () => undefined)
  return {
    send(body) {
      // the host takes a body without its length for none
      const length = { 'content-length': Buffer.byteLength(body) }
      const stream = session.request({ ':method': 'POST', ':path': '/token', ...headers, ...length })
      stream.end(body)
      const answer = new Promise<Awaited<Sent['answer']>>((resolve, reject) => {
        stream.on('error', reject).once('close', () => reject(new Error('closed')))
        stream.once('response', ({ ':status': status }) => {
          text(stream).then((json) => resolve({ status: Number(status), body: JSON.parse(json) }), reject)
        })
      })
      return { answer, destroy: () => session.destroy(), end: () => stream.close(constants.NGHTTP2_CANCEL) }
    },
    close: () => session.destroy(),
  }
}

test.each([
  ['HTTP/1.1, a connection that was answered before is destroyed', http1, 'destroy'],
  ['HTTP/1.1, the client closes its half of the connection', http1, 'end'],
  ['HTTP/2, the connection is destroyed', http2Session, 'destroy'],
  ['HTTP/2, the stream is cancelled', http2Session, 'end'],
] as const)('%s: the approval stays', async (_way, open, hangUp) => {
  const { handle, id } = await waiting(op, relyingParty(op.issuer))
  const body = new URLSearchParams({ grant_type: grantType, deferred_auth_id: handle }).toString()
  const connection = open()
  expect(await connection.send(body).answer).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
  await op.provider.deferrals.approve(id)
  let sent: Sent | undefined
  const handled = hangUpWhileMinting(() => sent?.[hangUp]())
  sent = connection.send(body)
  await expect(sent.answer).rejects.toThrow()
  await handled
  await expectNothingGiven(id)
  connection.close()
  const again = open()
  expect(await again.send(body).answer).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
  again.close()
})
