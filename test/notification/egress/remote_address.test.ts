import { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { toRange } from '../../../lib/notification/egress/addresses.js'
import { createAuthority } from '../../support/authority.js'
import { checkingLookups } from '../naive_senders.js'
import { type NotifyingProvider, startNotifying } from '../notified_clients.js'
import { type Raw, startTlsReceiver } from './hostile_receivers.js'

const host = 'rp.example'
// checked and allowed, and nobody listens there; the receiver is at 127.0.0.1
const checked = '127.0.0.9'

let op: NotifyingProvider
let receiver: Raw

beforeAll(async () => {
  const { ca, issue } = await createAuthority()
  receiver = await startTlsReceiver(await issue([host]))
  op = await startNotifying({ allow: [checked], ports: [receiver.port], ca, resolve: () => [checked] })
})

afterAll(async () => {
  await op.close()
  await receiver.close()
})

// something between the guard and the system that sends connections elsewhere
beforeEach(() => {
  const { connect } = Socket.prototype
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    const [first] = args.flat() as { lookup?: unknown; autoSelectFamily?: boolean }[]
    if (first?.lookup) {
      first.autoSelectFamily = false
      first.lookup = (_: string, __: object, found: (...found: unknown[]) => void) => found(null, '127.0.0.1', 4)
    }
    return Reflect.apply(connect, this, args)
  } as never)
})

afterEach(() => void vi.restoreAllMocks())

const endpoint = () => `https://${host}:${receiver.port}/notified`

test('a sender that trusts its look-up is led astray', async () => {
  await checkingLookups({ resolve: () => [checked], allow: [toRange(checked)!] })(endpoint())
  expect(receiver.requests).toHaveLength(1)
})

test('T4 I-125 nothing is sent on a connection that came out at another address than the one looked at', async () => {
  receiver.requests.length = 0
  const { connections } = receiver
  await op.keep('client', endpoint())
  const id = await op.held('client')
  await op.provider.deferrals.approve(id)
  expect(await op.attempted(id)).toMatchObject({
    status: 'failed',
    attempts: 1,
    reason: expect.stringContaining('another address'),
  })
  expect(receiver.connections).toBe(connections + 1)
  expect(receiver.requests).toEqual([])
})
