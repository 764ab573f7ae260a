import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { networkInterfaces } from 'node:os'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { memoryStore, type NotificationOptions, Provider } from 'oidc-provider-deferred'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Authority, createAuthority } from '../support/authority.js'
import { startNotifying } from './notified_clients.js'

type Resolve = NonNullable<NotificationOptions['resolve']>

/** how, at which host, by which rules, with which resolver */
type Row = [string, string, NotificationOptions, Resolve?]

const rp = 'rp.example'
// Node.js 22.23.3 takes no certificate for an IPv6 address, whoever connects
const isIpv6Certified = !checkServerIdentity('::1', {
  subject: { CN: rp },
  subjectaltname: 'IP Address:0:0:0:0:0:0:0:1',
} as PeerCertificate)
if (!isIpv6Certified) process.stderr.write(`no literal IPv6: Node.js ${process.version} takes no certificate for one\n`)
const literals: [string, string][] = isIpv6Certified
  ? [
      ['a literal', '[::1]'],
      ['a literal in full', '[0:0:0:0:0:0:0:1]'],
    ]
  : []

const several = ['127.0.0.2', '127.0.0.3']

let authority: Authority
let servers: Server[]
let port: number
/** local addresses of the requests */
const reached: string[] = []

const hasIpv6 = Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'))
if (!hasIpv6) process.stderr.write('SKIPPED what needs ::1: this machine has no IPv6 loopback\n')

beforeAll(async () => {
  authority = await createAuthority()
  const names = [rp, 'xn--bcher-kva.example', 'below.denied.example', '127.0.0.1', '127.0.0.2', '::1']
  const certificate = await authority.issue(names)
  const listen = async (address: string, at = 0) => {
    const server = createServer(certificate, ({ socket }, response) => {
      reached.push(socket.localAddress ?? '')
      response.writeHead(204).end()
    })
    await once(server.listen(at, address), 'listening')
    return server
  }
  const first = await listen('127.0.0.1')
  port = (first.address() as { port: number }).port
  servers = [first, await listen('127.0.0.2', port), ...(hasIpv6 ? [await listen('::1', port)] : [])]
})

afterEach(() => {
  reached.length = 0
})

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    await once(server.close(), 'close')
  }
})

/** One notification to this host by these rules. */
async function notify(host: string, notification: NotificationOptions, resolution: Resolve = () => ['127.0.0.1']) {
  const op = await startNotifying({ ports: [port], ca: authority.ca, resolve: resolution, ...notification })
  try {
    await op.keep('client', `https://${host}:${port}/notified`)
    const id = await op.held('client')
    await op.provider.deferrals.approve(id)
    const { status, answer, reason } = await op.attempted(id)
    return { status, answer, reason }
  } finally {
    await op.close()
  }
}

const delivered = { status: 'delivered', answer: 204, reason: undefined }

describe('I-123 what the operator allows is delivered', () => {
  test.each<Row>([
    ['by range', rp, { allow: ['127.0.0.0/8'] }],
    ['by a single address', rp, { allow: ['127.0.0.1'] }],
    ['by a narrower range than it is denied by', rp, { allow: ['127.0.0.1/32'], deny: ['127.0.0.0/8'] }],
    ['by the narrowest of several', rp, { allow: ['0.0.0.0/0', '127.0.0.0/30'], deny: ['127.0.0.0/24'] }],
    ['while another host is denied', rp, { allow: ['127.0.0.0/8'], deny: ['denied.example', '8.8.8.0/24'] }],
    ['on one of several ports', rp, { allow: ['127.0.0.0/8'], ports: [443, 1] }],
    ['as a literal', '127.0.0.1', { allow: ['127.0.0.1'] }],
    ['as a literal that is written in hex', '0x7f000001', { allow: ['127.0.0.1'] }],
    ['as dns.lookup answers', rp, { allow: ['127.0.0.0/8'] }, () => [{ address: '127.0.0.1', family: 4 }] as never],
    ['as a resolver that takes its time answers', rp, { allow: ['127.0.0.0/8'] }, async () => ['127.0.0.1']],
    ['as the same address twice', rp, { allow: ['127.0.0.0/8'] }, () => ['127.0.0.1', '127.0.0.1']],
    ['in upper case', 'RP.EXAMPLE', { allow: ['127.0.0.0/8'] }],
    ['with the dot of the root', `${rp}.`, { allow: ['127.0.0.0/8'] }],
    ['as an IDN', 'bücher.example', { allow: ['127.0.0.0/8'] }],
  ])('%s', async (...[, host, notification, resolution]: Row) => {
    const ports = notification.ports ? [...notification.ports, port] : [port]
    expect(await notify(host, { ...notification, ports }, resolution)).toEqual(delivered)
    expect(reached).toEqual(['127.0.0.1'])
  })

  test('at the one address of several that answers', async () => {
    // nobody listens on the second
    expect(await notify(rp, { allow: ['127.0.0.0/8'] }, () => several)).toEqual(delivered)
    expect(await notify(rp, { allow: ['127.0.0.0/8'] }, () => [...several].reverse())).toEqual(delivered)
    expect(await notify(rp, { allow: ['127.0.0.0/8'] }, () => ['127.0.0.1', '127.0.0.4'])).toEqual(delivered)
    expect(reached).toEqual(['127.0.0.2', '127.0.0.2', '127.0.0.1'])
  })

  test('by a receiver whose authority is trusted, and no other', async () => {
    const { ca } = authority
    expect(await notify(rp, { allow: ['127.0.0.1'], ca: [Buffer.from(ca)] })).toEqual(delivered)
    const other = await createAuthority()
    expect(await notify(rp, { allow: ['127.0.0.1'], ca: other.ca })).toMatchObject({ status: 'owed' })
    expect(reached).toEqual(['127.0.0.1'])
  })

  test('under the names the resolver is asked for', async () => {
    const asked: string[] = []
    const resolution = (host: string) => {
      asked.push(host)
      return ['127.0.0.1']
    }
    await notify('BÜCHER.example.', { allow: ['127.0.0.1'] }, resolution)
    await notify('127.0.0.1', { allow: ['127.0.0.1'] }, resolution)
    expect(asked).toEqual(['xn--bcher-kva.example'])
  })

  if (hasIpv6) {
    test.each<[string, string, Resolve?]>([
      ...literals,
      ['a name', rp, () => ['::1']],
      ['a name that is written in full', rp, () => ['0:0:0:0:0:0:0:1']],
      ['a name with an IPv4 address where nobody listens', rp, () => ['127.0.0.4', '::1']],
    ])('over IPv6, as %s', async (...[, host, resolution]: [string, string, Resolve?]) => {
      expect(await notify(host, { allow: ['::1', '127.0.0.4'] }, resolution)).toEqual(delivered)
      expect(reached).toEqual(['::1'])
    })
  }
})

describe('I-124 and what is denied is not', () => {
  test.each<Row>([
    ['by a narrower range', rp, { allow: ['127.0.0.0/8'], deny: ['127.0.0.0/24'] }],
    ['by the same range', rp, { allow: ['127.0.0.0/8'], deny: ['127.0.0.0/8'] }],
    ['by a single address', rp, { allow: ['127.0.0.0/8'], deny: ['127.0.0.1'] }],
    [
      'at one of several addresses',
      rp,
      { allow: ['127.0.0.0/8'], deny: ['127.0.0.2'] },
      () => ['127.0.0.1', ...several],
    ],
    [
      'by name, below which everything is',
      'below.denied.example',
      { allow: ['127.0.0.0/8'], deny: ['denied.example'] },
    ],
    ['by name in upper case', rp, { allow: ['127.0.0.0/8'], deny: ['RP.example'] }],
    ['beside the allowed address', rp, { allow: ['127.0.0.2'] }],
  ])('%s', async (...[, host, notification, resolution]: Row) => {
    const { status, reason } = await notify(host, notification, resolution)
    expect({ status, reason }).toEqual({ status: 'failed', reason: expect.stringMatching(/^the endpoint /) })
    expect(reached).toEqual([])
  })
})

test('E-22 a range that was allowed is warned of at the start, nothing otherwise', () => {
  const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const construct = (notification: NotificationOptions) => {
    emit.mockClear()
    new Provider('https://op.example', {
      features: { deferredTokenResponse: { store: memoryStore(), keys: [Buffer.alloc(32, 1)], notification } },
    })
    return emit.mock.calls.flat().filter((one) => String(one).startsWith('features.deferredTokenResponse.notification'))
  }
  expect(construct({ allow: ['127.0.0.0/8', '10.1.2.3'] })).toEqual([
    'features.deferredTokenResponse.notification.allow lets notifications reach 127.0.0.0/8, 10.1.2.3, public or not',
  ])
  expect(construct({ allow: [], deny: ['10.0.0.0/8'], ports: [8443] })).toEqual([])
  emit.mockRestore()
})
