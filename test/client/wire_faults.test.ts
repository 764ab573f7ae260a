import type { createServer, IncomingMessage, ServerResponse } from 'node:http'
import { type Deferral, deferrable, deferredCodeExchange, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startProvider, type TestProvider } from '../support/provider.js'
import { serving } from '../support/serve.js'
import { checks, configurationOf, idOf, redirect, statusOf } from './relying_parties.js'

let op: TestProvider
let forgiving: TestProvider

beforeAll(async () => {
  const deferred = { defer: () => true, now: undefined as never, interval: 1 }
  op = await startProvider({ deferred })
  forgiving = await startProvider({ deferred: { ...deferred, retryWindow: 60 } })
})

afterAll(() => Promise.all([op.close(), forgiving.close()]))

type Fault = (request: IncomingMessage, response: ServerResponse, forward: () => Promise<Response>) => void

const cut = (response: ServerResponse, status: number, body: string) => {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
  response.write(body.slice(0, body.length / 2), () => response.destroy())
}
const faults: Record<string, Fault> = {
  'no answer': () => undefined,
  'a connection that is reset': (request) => request.socket.destroy(),
  'an error that is reset in the middle of its body': (_, response) =>
    cut(response, 400, JSON.stringify({ error: 'authorization_pending' })),
  'an HTML 502': (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>'),
  'a 503 with Retry-After in seconds': (_, response) => response.writeHead(503, { 'retry-after': '1' }).end(),
  'a 503 with Retry-After as a date': (_, response) =>
    response.writeHead(503, { 'retry-after': new Date(Date.now() + 1000).toUTCString() }).end(),
  'a 429': (_, response) => response.writeHead(429, { 'content-type': 'application/json' }).end('{"error":"too_many"}'),
}

// seconds: one for what hangs, in which a busy machine still answers, and one that nobody waits for
const [short, long] = [5, 60]

/** The token endpoint behind a proxy whose first answer is a fault; `timeout` of each request is in seconds. */
function behind<T>(
  provider: TestProvider,
  fault: Fault,
  use: (config: client.Configuration) => Promise<T>,
  timeout = long,
): Promise<T> {
  let requests = 0
  const proxy: Parameters<typeof createServer>[1] = async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const headers = { authorization: request.headers.authorization!, 'content-type': request.headers['content-type']! }
    const forward = () =>
      fetch(`${provider.issuer}/token`, { method: 'POST', body: Buffer.concat(chunks).toString(), headers })
    requests += 1
    if (requests === 1) return fault(request, response, forward)
    const answer = await forward()
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
  }
  return serving(proxy as never, async (origin) => {
    const { supportsPKCE, ...metadata } = (await configurationOf(provider, 'secret')).serverMetadata()
    const secret = client.ClientSecretBasic('a secret of the client')
    const config = new client.Configuration({ ...metadata, token_endpoint: `${origin}/token` }, 'secret', {}, secret)
    client.allowInsecureRequests(config)
    config.timeout = timeout
    return use(config)
  })
}

async function approved(provider: TestProvider): Promise<Deferral> {
  const config = await configurationOf(provider, 'secret')
  const { deferral } = await deferrable(config, (added) => client.clientCredentialsGrant(config, added))
  await provider.provider.deferrals.approve(idOf(deferral!))
  return deferral!
}

describe.concurrent('a wait survives', () => {
  test.each(Object.keys(faults))('%s', async (name) => {
    const deferral = await approved(op)
    const timeout = name === 'no answer' ? short : long
    const tokens = await behind(op, faults[name]!, (config) => wait(config, deferral), timeout)
    expect(tokens.token_type).toBe('bearer')
    expect(await statusOf(op, deferral)).toBe('redeemed')
  })

  const lost: Fault = async (_request, response, forward) => cut(response, 200, await (await forward()).text())
  const hung: Fault = async (_request, response, forward) => {
    const body = await (await forward()).text()
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.write(body.slice(0, 10))
  }

  test.each([
    ['is reset in the middle', lost],
    ['hangs in the middle', hung],
  ])('I-067 a body with the tokens that %s: they are gone, and that is what the error says', async (_, fault) => {
    const deferral = await approved(op)
    const waited = behind(op, fault, (config) => wait(config, deferral), short)
    await expect(waited).rejects.toMatchObject({ name: 'DeferralGone', answerLost: true })
    await expect(waited).rejects.toMatchObject({ cause: { code: 'OAUTH_PARSE_ERROR' } })
  })

  test('the same with retryWindow: the next poll gets the tokens', async () => {
    const deferral = await approved(forgiving)
    const tokens = await behind(forgiving, lost, (config) => wait(config, deferral))
    expect(tokens.access_token).toEqual(expect.any(String))
  })
})

test('an exchange ends after the timeout of the Configuration', async () => {
  const currentUrl = await redirect(await configurationOf(op, 'secret'))
  const exchanged = behind(
    op,
    () => undefined,
    (config) => deferredCodeExchange(config, currentUrl, checks),
    1,
  )
  await expect(exchanged).rejects.toMatchObject({ name: 'ClientError', code: 'OAUTH_TIMEOUT' })
})

test('O-051 an exchange whose answer is lost says so: the code is spent', async () => {
  const currentUrl = await redirect(await configurationOf(op, 'secret'))
  const fault: Fault = async (_request, response, forward) => cut(response, 200, await (await forward()).text())
  const exchanged = behind(op, fault, (config) => deferredCodeExchange(config, currentUrl, checks))
  await expect(exchanged).rejects.toMatchObject({ name: 'ClientError', code: 'OAUTH_PARSE_ERROR' })
  await expect(exchanged).rejects.toThrow('the code is spent')
})
