import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthority } from '../../support/authority.js'
import { type NotifyingProvider, startNotifying } from '../notified_clients.js'
import { answers, type Misbehaviour, type Raw, startTlsReceiver } from './hostile_receivers.js'

/*
 * RFC 9110, section 15.2: a client reads any number of 1xx responses before the final one, also where it did not ask for them.
 */
const proceed = 'HTTP/1.1 100 Continue\r\n\r\n'
const processing = 'HTTP/1.1 102 Processing\r\n\r\n'
const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nRetry-After: 7200\r\n\r\n'
const done = 'HTTP/1.1 204 No Content\r\n\r\n'
const busy = 'HTTP/1.1 503 Busy\r\nRetry-After: \t 3600 \t \r\nContent-Length: 0\r\n\r\n'

const delivered: Record<string, Misbehaviour> = {
  '100 Continue': answers(proceed + done),
  '100 Continue with headers and without a reason': answers(`HTTP/1.1 100 \r\nServer: x\r\n\r\n${done}`),
  '102 Processing': answers(processing + done),
  '103 Early Hints': answers(hints + done),
  'all of them, several times': answers(proceed + hints + proceed + processing + hints + done),
  '100 Continue, byte by byte': drops(proceed + hints + done),
  '100 Continue, and a body that looks like one': answers(
    `${proceed}HTTP/1.1 200 OK\r\nContent-Length: ${proceed.length}\r\n\r\n${proceed}`,
  ),
}
const owed: Record<string, Misbehaviour> = {
  'a protocol that nobody asked for': answers('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
  '100 Continue and no more': (socket) => void socket.end(proceed),
  'half of 100 Continue': (socket) => void socket.end(proceed.slice(0, 14)),
  '100 Continue with headers that do not end': (socket) => {
    socket.write('HTTP/1.1 100 Continue\r\n')
    for (let n = 0; n < 100; n += 1) socket.write(`x-${n}: ${'x'.repeat(1000)}\r\n`)
  },
}

let op: NotifyingProvider
let receiver: Raw

const misbehaviours = { ...delivered, ...owed, busy: answers(proceed + busy) }
const names = Object.keys(misbehaviours)
const hostOf = (name: string) => `h${names.indexOf(name)}.example`

beforeAll(async () => {
  const { ca, issue } = await createAuthority()
  receiver = await startTlsReceiver(
    await issue(names.map(hostOf)),
    Object.fromEntries(Object.entries(misbehaviours).map(([name, misbehave]) => [hostOf(name), misbehave])),
  )
  op = await startNotifying({ allow: ['127.0.0.1'], ports: [receiver.port], ca, resolve: () => ['127.0.0.1'] })
})

afterAll(async () => {
  await op.close()
  await receiver.close()
})

function drops(text: string): Misbehaviour {
  return async (socket) => {
    for (const letter of text) {
      socket.write(letter)
      await setImmediate()
    }
  }
}

async function notify(name: string) {
  await op.keep(name, `https://${hostOf(name)}:${receiver.port}/`)
  const id = await op.held(name)
  await op.provider.deferrals.approve(id)
  return op.attempted(id)
}

test.each(Object.keys(delivered))('a notification is delivered where its answer comes after %s', async (name) => {
  const connections = receiver.connections
  // the second one over the same connection
  for (const _ of [1, 2]) expect(await notify(name)).toMatchObject({ status: 'delivered', attempts: 1 })
  expect(receiver.connections - connections).toBe(1)
})

test.each(Object.keys(owed))('a notification that is answered with %s is tried again', async (name) => {
  expect(await notify(name)).toMatchObject({ status: 'owed', reason: expect.stringMatching(/^no answer: /) })
})

test('C-O21 Retry-After is that of the answer, and blanks around it do not matter', async () => {
  const { status, answer, nextAttemptAt, attemptedAt } = await notify('busy')
  expect({ status, answer }).toEqual({ status: 'owed', answer: 503 })
  expect(nextAttemptAt!.getTime() - attemptedAt!.getTime()).toBe(3600_000)
})
