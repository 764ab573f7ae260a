import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Provider } from 'oidc-provider-deferred'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { basic, send, waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let seen: unknown[] = []

beforeAll(async () => {
  const clientBasedCORS = (ctx: KoaContextWithOIDC) => seen.push(ctx.req, ctx.get('content-type')) > 0
  op = await startProvider({ configuration: { clientBasedCORS }, mounted: { path: '', by: upstream } })
})

afterAll(() => op.close())

const secret = basic('secret', 'a secret of the client')
const json = { ...secret, 'content-type': 'application/json' }
const status = async (id: string) => (await op.provider.deferrals.get(id))?.status
const endpoint = () => `${op.issuer}/deferred/cancel`

/** An application of the integrator's that has read the body, and keeps it in the form that a header of the test asks for. */
function upstream(provider: Provider): RequestListener {
  provider.use((ctx, next) => {
    seen.push(ctx.req, ctx.get('content-type'), (ctx.request as { body?: unknown }).body)
    return next()
  })
  const callback = provider.callback()
  return async (req: IncomingMessage & { body?: unknown }, res) => {
    const kind = req.headers['x-parsed']
    if (kind) req.body = await parsed(req, String(kind))
    callback(req, res)
  }
}

async function parsed(req: IncomingMessage, kind: string): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  if (kind === 'bytes') return bytes
  return kind === 'text' ? bytes.toString() : JSON.parse(bytes.toString())
}

test.each([
  ['{"deferred_auth_id":', 'is not valid JSON'],
  ['', 'is not valid JSON'],
  ['["deferred_auth_id"]', 'must be a JSON object'],
  ['null', 'must be a JSON object'],
  ['"deferred_auth_id"', 'must be a JSON object'],
  ['{"deferred_auth_id":1}', 'a string as deferred_auth_id, not a number'],
  ['{"deferred_auth_id":true}', 'a string as deferred_auth_id, not a boolean'],
  ['{"deferred_auth_id":null}', 'a string as deferred_auth_id, not null'],
  ['{"deferred_auth_id":["x","y"]}', 'a string as deferred_auth_id, not an array'],
  ['{"deferred_auth_id":{"$ne":""}}', 'a string as deferred_auth_id, not an object'],
  ['{"deferred_auth_id":"x","\\u0000\\"":1}', 'a string as each member, not a number'],
  ['\ufeff{"deferred_auth_id":"x"}', 'must not begin with a byte order mark'],
  ['{}', 'deferred_auth_id'],
  [JSON.stringify({ deferred_auth_id: 'x'.repeat(60_000) }), 'must not be larger than'],
])('C76 C77 JSON %.40s is invalid_request: %s', async (body, what) => {
  for (const upstream of ['', 'text', 'bytes']) {
    if (upstream && what.includes('larger')) continue
    const refused = await send(endpoint(), body, { ...json, 'x-parsed': upstream })
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(refused.body.error_description).toContain(what)
    expect(refused.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(refused.headers.get('cache-control')).toBe('no-store')
  }
})

test.each(['text/plain', 'multipart/form-data; boundary=x', 'application/vnd.api+json', 'application/jwt+json'])(
  'C77 %s is invalid_request that says what to send',
  async (type) => {
    const { handle, id } = await waiting(op, relyingParty(op.issuer))
    const body = `deferred_auth_id=${handle}`
    const refused = await send(endpoint(), body, { ...secret, 'content-type': type })
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(refused.body.error_description).toContain('application/x-www-form-urlencoded or application/json')
    expect(await status(id)).toBe('pending')
  },
)

test.each(['application/json; charset=utf-8', 'Application/JSON'])('C77 %s is JSON', async (type) => {
  const { handle, id } = await waiting(op, relyingParty(op.issuer))
  const headers = { ...secret, 'content-type': type }
  const answer = await send(endpoint(), JSON.stringify({ deferred_auth_id: handle }), headers)
  expect(answer.status).toBe(200)
  expect(await status(id)).toBe('cancelled')
})

test.each(['text', 'bytes', 'object'])('C77 JSON that an upstream parser has left as %s cancels', async (kind) => {
  const { handle, id } = await waiting(op, relyingParty(op.issuer))
  const body = JSON.stringify({ deferred_auth_id: handle })
  expect(await send(endpoint(), body, { ...json, 'x-parsed': kind })).toMatchObject({ status: 200, body: {} })
  expect(await status(id)).toBe('cancelled')
})

test('C77 a JSON request is, to middleware and callbacks of the integrator, the request that came', async () => {
  seen = []
  const body = { deferred_auth_id: 'unknown' }
  const headers = { ...json, origin: 'https://rp.example' }
  expect(await send(endpoint(), JSON.stringify(body), headers)).toMatchObject({ status: 200, body: {} })
  const [req] = seen
  const known = seen.map((one) => (one === req ? 'the request' : one))
  expect(known).toEqual(['the request', 'application/json', body, 'the request', 'application/json'])
})

test.each(['application/json', 'application/x-www-form-urlencoded'])('C77 %s cancels over HTTP/2', async (type) => {
  const { handle, id } = await waiting(op, relyingParty(op.issuer))
  const body = { deferred_auth_id: handle }
  const text = type.endsWith('json') ? JSON.stringify(body) : new URLSearchParams(body).toString()
  expect(await overHttp2(text, { 'content-type': type, ...secret })).toEqual({ status: 200, text: '{}' })
  expect(await status(id)).toBe('cancelled')
})

async function overHttp2(body: string, headers: Record<string, string>) {
  const server = createServer(op.provider.callback() as never).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  try {
    const length = { 'content-length': Buffer.byteLength(body) }
    const stream = session.request({ ':method': 'POST', ':path': '/deferred/cancel', ...headers, ...length }).end(body)
    const [answer] = await once(stream, 'response')
    let text = ''
    for await (const chunk of stream) text += chunk
    return { status: answer[':status'], text }
  } finally {
    session.destroy()
    server.close()
  }
}
