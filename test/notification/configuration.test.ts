import { memoryStore, type NotificationOptions, Provider } from 'oidc-provider-deferred'
import { describe, expect, test, vi } from 'vitest'
import { createAuthority } from '../support/authority.js'
import { clientsWith } from '../support/authorization.js'
import { clients } from '../support/clients.js'

const { ca } = await createAuthority()
const { ca: another } = await createAuthority()
const der = Buffer.from(ca.replace(/-----[^-]+-----|\s/g, ''), 'base64')
const keys = [new Uint8Array(32).fill(1)]

interface Constructed {
  notification?: unknown
  endpoint?: string
  issuer?: string
}

function construct({ notification, endpoint, issuer = 'https://op.example' }: Constructed): Provider {
  return new Provider(issuer, {
    clients:
      endpoint === undefined ? clients : clientsWith('secret', { deferred_client_notification_endpoint: endpoint }),
    features: {
      clientCredentials: { enabled: true },
      deferredTokenResponse: {
        store: memoryStore(),
        keys,
        ...(notification !== undefined && { notification: notification as NotificationOptions }),
      },
    },
  })
}

describe('the option notification', () => {
  test.each<[string, unknown, string]>([
    ['null', null, ''],
    ['true', true, ''],
    ['an array', [], ''],
    ['text', 'https://rp.example', ''],
    ['an unknown member', { timeout: 5 }, '.timeout'],
    ['a member of objects', { constructor: true }, '.constructor'],
    ['a member in another case', { Allow: [] }, '.Allow'],
    ['allow: text', { allow: '10.0.0.0/8' }, '.allow'],
    ['allow: true', { allow: true }, '.allow'],
    ['allow: null', { allow: null }, '.allow'],
    ['allow: a host name', { allow: ['localhost'] }, '.allow[0]'],
    ['allow: too many bits', { allow: ['127.0.0.1', '10.0.0.0/33'] }, '.allow[1]'],
    ['allow: no text', { allow: [[127, 0, 0, 1]] }, '.allow[0]'],
    ['deny: text', { deny: 'internal.example' }, '.deny'],
    ['deny: a URL', { deny: ['https://internal.example'] }, '.deny[0]'],
    ['deny: a wildcard', { deny: ['*.internal.example'] }, '.deny[0]'],
    ['deny: a port', { deny: ['internal.example:443'] }, '.deny[0]'],
    ['deny: a decimal address, which no endpoint is ever compared with', { deny: ['2130706433'] }, '.deny[0]'],
    ['deny: a number', { deny: [10] }, '.deny[0]'],
    ['ports: a number', { ports: 443 }, '.ports'],
    ['ports: none', { ports: [] }, '.ports'],
    ['ports: text', { ports: ['443'] }, '.ports[0]'],
    ['ports: 0', { ports: [0] }, '.ports[0]'],
    ['ports: 65536', { ports: [443, 65_536] }, '.ports[1]'],
    ['ports: 1.5', { ports: [1.5] }, '.ports[0]'],
    ['ports: NaN', { ports: [Number.NaN] }, '.ports[0]'],
    ['ca: a path', { ca: '/etc/ssl/ca.pem' }, '.ca'],
    ['ca: nothing', { ca: '' }, '.ca'],
    ['ca: no certificates, which would trust nobody', { ca: [] }, '.ca'],
    ['ca: null', { ca: null }, '.ca'],
    ['ca: an object', { ca: { cert: ca } }, '.ca'],
    ['ca: one of two is none', { ca: [ca, 'nonsense'] }, '.ca'],
    ['ca: half a certificate', { ca: ca.slice(0, 200) }, '.ca'],
    ['ca: DER, which TLS does not take', { ca: der }, '.ca'],
    ['resolve: text', { resolve: 'dns' }, '.resolve'],
    ['resolve: null', { resolve: null }, '.resolve'],
    ['worker: text', { worker: 'no' }, '.worker'],
    ['worker: 0', { worker: 0 }, '.worker'],
  ])('%s is a TypeError that says where and what to write', (_case, notification, at) => {
    const path = `features.deferredTokenResponse.notification${at} `
    expect(() => construct({ notification })).toThrow(TypeError)
    expect(() => construct({ notification })).toThrow(
      new RegExp(`^${path.replace(/[.[\]]/g, '\\$&')}(must|is not an option, use)`),
    )
  })

  test.each<[string, NotificationOptions]>([
    ['nothing', {}],
    ['no ranges', { allow: [], deny: [] }],
    [
      'ranges, addresses, host names',
      { allow: ['10.0.0.0/8', '::1'], deny: ['fd00::/8', '10.1.1.1', 'internal.Example'] },
    ],
    ['several ports', { ports: [443, 8443] }],
    ['one certificate', { ca }],
    ['its bytes', { ca: Buffer.from(ca) }],
    ['several', { ca: [ca, Buffer.from(another)] }],
    ['a bundle', { ca: `${ca}\n${another}\n` }],
    ['a resolver, no worker', { resolve: () => ['203.0.113.1'], worker: false }],
    ['members that are not set', { allow: undefined, ca: undefined } as object],
  ])('%s is taken', (_case, notification) => {
    expect(() => construct({ notification })).not.toThrow()
  })

  test('ranges that are allowed beyond the public internet are warned of at the start, once', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    construct({ notification: { allow: ['10.0.0.0/8', '::1'] } })
    construct({ notification: { deny: ['10.0.0.0/8'] } })
    const said = warned.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('notification'))
    warned.mockRestore()
    expect(said).toEqual([
      expect.stringMatching(/^features\.deferredTokenResponse\.notification\.allow .*10\.0\.0\.0\/8, ::1/),
    ])
  })
})

describe('a static client', () => {
  test.each([
    ['http', 'http://rp.example/'],
    ['a port that is not listed', 'https://rp.example:8443/'],
    ['a private address', 'https://10.0.0.1/'],
    ['a private address as a number', 'https://167772161/'],
    ['a private IPv6 address', 'https://[fd00::1]/'],
    ['the host of the provider', 'https://op.example/notified'],
    ['user information', 'https://user:password@rp.example/'],
    ['a fragment', 'https://rp.example/#fragment'],
  ])('C02 whose endpoint is %s is a TypeError that names it', (_case, endpoint) => {
    expect(() => construct({ endpoint })).toThrow(TypeError)
    expect(() => construct({ endpoint })).toThrow(
      /^features\.deferredTokenResponse\.notification cannot reach client secret: its deferred_client_notification_endpoint must /,
    )
  })

  const ports = [443, 3000, 8443]
  const allow = ['127.0.0.0/8', '::1']
  test.each([
    ['https://op.example', 'https://op.example:8443/'],
    ['https://op.example', 'https://op.example./'],
    ['https://OP.example/tenant', 'https://op.example/notified'],
    ['https://bücher.example', 'https://xn--bcher-kva.example/'],
    ['http://localhost:3000', 'https://localhost:3000/'],
    ['http://127.0.0.1:3000', 'https://0x7f000001:3000/'],
    ['http://localhost.example:3000', 'https://localhost.example:8443/'],
  ])('E-22 of the provider %s has no endpoint at %s', (issuer, endpoint) => {
    expect(() => construct({ issuer, endpoint, notification: { ports, allow } })).toThrow(/host of this provider/)
  })

  test.each([
    ['http://localhost:3000', 'https://localhost:8443/'],
    ['http://127.0.0.1:3000', 'https://127.0.0.1:8443/'],
    ['http://[::1]:3000', 'https://[::1]:8443/'],
    ['http://localhost:3000', 'https://127.0.0.1:8443/'],
    ['https://op.example', 'https://rp.op.example/'],
  ])('I-123 of the provider %s may have an endpoint at %s: a developer has one machine', (issuer, endpoint) => {
    expect(() => construct({ issuer, endpoint, notification: { ports, allow } })).not.toThrow()
  })
})
