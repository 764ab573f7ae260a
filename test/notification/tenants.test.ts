import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createAuthority } from '../support/authority.js'
import { type Raw, startTlsReceiver } from './egress/hostile_receivers.js'
import { type NotifyingProvider, startNotifying } from './notified_clients.js'

const names = ['one.example', 'two.example']

let op: NotifyingProvider
let receiver: Raw
let connections: Set<TLSSocket>

beforeAll(async () => {
  const { ca, issue } = await createAuthority()
  connections = new Set()
  const answer = (socket: unknown) => {
    connections.add(socket as TLSSocket)
    ;(socket as TLSSocket).write('HTTP/1.1 204 No Content\r\nkeep-alive: timeout=600\r\n\r\n')
  }
  receiver = await startTlsReceiver(await issue(names), Object.fromEntries(names.map((name) => [name, answer])))
  op = await startNotifying({ allow: ['127.0.0.1'], ports: [receiver.port], ca, resolve: () => ['127.0.0.1'] })
})

beforeEach(() => connections.clear())

afterAll(async () => {
  await op.close()
  await receiver.close()
})

// one after the other, each time right after the answer to the one before
async function notify(...turns: { clientId: string; name: string }[]): Promise<number> {
  const ids: string[] = []
  for (const { clientId, name } of turns) {
    await op.keep(clientId, `https://${name}:${receiver.port}/${encodeURIComponent(clientId)}`)
    ids.push(await op.held(clientId))
  }
  const before = receiver.requests.length
  for (const id of ids) {
    await op.provider.deferrals.approve(id)
    expect(await op.attempted(id)).toMatchObject({ status: 'delivered' })
  }
  expect(receiver.requests.length - before).toBe(turns.length)
  return connections.size
}

const one = { clientId: 'one', name: 'one.example' }

test('T4 two clients at one address with different names never share a connection', async () => {
  const two = { clientId: 'two', name: 'two.example' }
  expect(await notify(one, two, one, two)).toBe(2)
})

test('T4 nor do two clients with the same name', async () => {
  const other = { clientId: 'neighbour', name: 'one.example' }
  expect(await notify(one, other, one, other)).toBe(2)
})

test('while the notifications of one client do, so that sharing would be seen', async () => {
  const third = { clientId: 'third', name: 'one.example' }
  expect(await notify(third, third, third)).toBe(1)
})

test('T4 a client whose id looks like another one and its endpoint shares nothing with it', async () => {
  const origin = `https://one.example:${receiver.port}`
  const longer = { clientId: `one ${origin}`, name: 'one.example' }
  const shorter = { clientId: 'one', name: 'one.example' }
  expect(await notify(longer, shorter, longer)).toBe(2)
})

test('a client that moves takes no connection with it', async () => {
  const [before, after] = names.map((name) => ({ clientId: 'moving', name }))
  // the endpoint is read when it is sent
  await notify(before!)
  expect(await notify(after!)).toBe(2)
})
