import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from '../../support/authority.js'
import { type NotifyingProvider, startNotifying } from '../notified_clients.js'
import {
  answers,
  bombs,
  floods,
  type Misbehaviour,
  type Raw,
  repeats,
  startTcpReceiver,
  startTlsReceiver,
} from './hostile_receivers.js'

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`
const mebibyte = 2 ** 20

/** What the status of an answer says counts, whatever follows it. */
const delivered: Record<string, Misbehaviour> = {
  'a body of 100 MB': floods(`${ok}content-length: ${100 * mebibyte}\r\n\r\n`, 100 * mebibyte),
  'a body without end': floods(`${ok}\r\n`),
  'a chunk without end': floods(`${chunked}7fffffffff\r\n`),
  'a gzip bomb': bombs,
  'a body of one byte per second': repeats(chunked, '1\r\nx\r\n', 1000),
  'a body of one byte per second, and a length': repeats(`${ok}content-length: 1000000\r\n\r\n`, 'x', 1000),
  'a body that never comes': answers(`${ok}content-length: 10\r\n\r\n`),
  'a body that is cut off': (socket) => void socket.end(`${ok}content-length: 100\r\n\r\nten bytes.`),
  'a chunk that is none': answers(`${chunked}no length\r\n`),
}

/** No answer that says anything; tried again later. */
const owed: Record<string, Misbehaviour> = {
  'no answer': () => undefined,
  'an answer of one header a second, without end': repeats(ok, 'x-header: value\r\n', 1000),
  'an answer of one byte a second': repeats('H', 'T', 1000),
  'hints without end': repeats('', 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n', 50),
  'headers of a mebibyte': answers(`${ok}x-header: ${'x'.repeat(mebibyte)}\r\n\r\n`),
  'an answer of another protocol': answers('SSH-2.0-OpenSSH_9.2\r\n'),
  'headers that are cut off': (socket) => void socket.end(`${ok}content-le`),
  'a connection that is closed': (socket) => void socket.end(),
  'a connection that is reset': (socket) => void socket.destroy(),
  'another protocol after 101': answers(
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  ),
}

/** The same before there is TLS. */
const withoutTls: Record<string, Misbehaviour> = {
  'a handshake that never begins': () => undefined,
  'a handshake of one byte a second': repeats('\x16\x03\x03\x40\x00', '\x02', 1000),
  'a connection that is reset at once': (socket) => void socket.resetAndDestroy(),
  'HTTP without TLS': answers(`${ok}content-length: 0\r\n\r\n`),
}

const redirects = [300, 301, 302, 303, 304, 305, 307, 308]

interface Attempted {
  status: string
  answer?: number
  reason?: string
  attempts: number
  seconds: number
  /** 1 for the first that ended */
  place: number
}

let op: NotifyingProvider
let receiver: Raw
let target: Raw
let silent: Map<string, Raw>
let [rss, ended] = [0, 0]
// held before anything is owed: time goes on with it
const good: string[] = []
const outcomes = new Map<string, Promise<Attempted>>()
const hosts = new Map([...Object.keys(delivered), ...Object.keys(owed)].map((name, at) => [name, `h${at}.example`]))
const hostOf = (name: string) => hosts.get(name) ?? `${name}.example`

beforeAll(async () => {
  const { ca, issue } = await createAuthority()
  const names = [...hosts.values(), ...redirects.map((status) => `${status}.example`)]
  const certificate = await issue([...names, 'good.example', 'target.example'])
  target = await startTlsReceiver(certificate)
  receiver = await startTlsReceiver(certificate, {
    ...Object.fromEntries(
      [...Object.entries(delivered), ...Object.entries(owed)].map(([name, of]) => [hostOf(name), of]),
    ),
    ...Object.fromEntries(redirects.map((status) => [`${status}.example`, redirecting(status)])),
  })
  const started = Object.entries(withoutTls).map(async ([name, of]) => [name, await startTcpReceiver(of)] as const)
  silent = new Map(await Promise.all(started))
  const ports = [receiver, target, ...silent.values()].map(({ port }) => port)
  op = await startNotifying({ allow: ['127.0.0.1'], ports, ca, resolve: () => ['127.0.0.1'] })
  const endpoints = new Map([
    ...[...hosts.keys(), ...redirects.map(String)].map((name): [string, Raw] => [name, receiver]),
    ...silent,
  ])
  const ids = new Map<string, string>()
  for (const [name, { port }] of endpoints) {
    await op.keep(name, `https://${silent.has(name) ? 'silent.example' : hostOf(name)}:${port}/notified`)
    ids.set(name, await op.held(name))
  }
  await op.keep('good', `https://good.example:${receiver.port}/notified`)
  for (let round = 0; round < 10; round += 1) good.push(await op.held('good'))
  rss = process.memoryUsage().rss
  for (const [name, id] of ids) outcomes.set(name, attempt(id))
})

afterAll(async () => {
  await op.close()
  await Promise.all([receiver, target, ...silent.values()].map((each) => each.close()))
})

function redirecting(status: number): Misbehaviour {
  return (socket) => {
    const location = `https://target.example:${target.port}/`
    socket.write(
      `HTTP/1.1 ${status} Elsewhere\r\nlocation: ${location}\r\nrefresh: 0; url=${location}\r\ncontent-length: 0\r\n\r\n`,
    )
  }
}

async function attempt(id: string): Promise<Attempted> {
  const begun = performance.now()
  await op.provider.deferrals.approve(id)
  const told = await op.attempted(id)
  return { ...told, place: ++ended, seconds: (performance.now() - begun) / 1000 }
}

// first: while all of them are under way
test('C73 E-27 while they do, the provider answers, and others are notified', async () => {
  let isOver = false
  void outcomes.get('an answer of one byte a second')!.then(() => {
    isOver = true
  })
  const others = await Promise.all(good.map(attempt))
  expect(others.map(({ status }) => status)).toEqual(good.map(() => 'delivered'))
  expect((await fetch(`${op.origin}/.well-known/openid-configuration`)).status).toBe(200)
  expect(isOver).toBe(false)
})

test.each(redirects)('O-095 I-105 C69 T4 the Location of a %i is never requested', async (status) => {
  const outcome = await outcomes.get(String(status))!
  expect(outcome).toMatchObject({
    status: 'failed',
    answer: status,
    reason: `the endpoint answered ${status}`,
    attempts: 1,
  })
  expect(target.connections).toBe(0)
})

describe('I-126 E-27 T4', () => {
  test.each(Object.keys(delivered))('%s: its status counts, and it is not waited for', async (name) => {
    const outcome = await outcomes.get(name)!
    expect(outcome).toMatchObject({ status: 'delivered', answer: 200, attempts: 1 })
    // before the time is up for an answer to begin
    expect(outcome.place).toBeLessThan((await outcomes.get('no answer')!).place)
  })

  test.each(Object.keys(owed))('%s: over within the time of an attempt, and tried again later', async (name) => {
    const outcome = await outcomes.get(name)!
    expect(outcome).toMatchObject({ status: 'owed', attempts: 1, reason: expect.stringMatching(/^no answer: /) })
    expect(outcome.seconds).toBeLessThan(60)
  })

  test.each(Object.keys(withoutTls))('%s: given up when the time for a connection is over', async (name) => {
    const outcome = await outcomes.get(name)!
    const reason = name.startsWith('a handshake') ? /: UND_ERR_CONNECT_TIMEOUT$/ : /^no answer: /
    expect(outcome).toMatchObject({ status: 'owed', attempts: 1, reason: expect.stringMatching(reason) })
    expect(outcome.seconds).toBeLessThan(60)
    expect(silent.get(name)!.connections).toBe(1)
  })

  test('of what is sent next to nothing is read, and nothing is unpacked', async () => {
    await Promise.all(outcomes.values())
    const read = ['a body of 100 MB', 'a body without end', 'a chunk without end'].map((name) =>
      receiver.written(hostOf(name)),
    )
    const grown = (process.memoryUsage().rss - rss) / mebibyte
    process.stderr.write(`taken: ${read.join(', ')} bytes; grown by ${grown.toFixed(0)} MiB\n`)
    // what the system buffers on the way is out of our hands
    for (const bytes of read) expect(bytes).toBeLessThan(16 * mebibyte)
    expect(grown).toBeLessThan(256)
  })

  test('a sender that reads answers takes all of it', async () => {
    const host = hostOf('a body of 100 MB')
    const before = receiver.written(host)
    const headers = { host: `${host}:${receiver.port}` }
    const asked = get({ host: '127.0.0.1', port: receiver.port, headers, rejectUnauthorized: false, agent: false })
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    for await (const _ of response.take(1500));
    expect(receiver.written(host) - before).toBeGreaterThan(16 * mebibyte)
    asked.destroy()
  })
})
