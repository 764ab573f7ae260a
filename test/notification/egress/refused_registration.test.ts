import { memoryStore, type NotificationOptions, Provider } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NotifyingProvider, notified, startNotifying } from '../notified_clients.js'
import { literals, malformed, ownPort, ports, refusedHosts } from './refused_vectors.js'

const port = 8443
const issuer = 'https://op.example'
const notification: NotificationOptions = { allow: ['127.0.0.9'], deny: ['denied.example'], ports: [port] }
const refused = [
  ...malformed(port).map((endpoint) => ({ name: JSON.stringify(endpoint), endpoint })),
  ...[...literals(port), ...refusedHosts(port), ...ports()],
]

let op: NotifyingProvider

beforeAll(async () => {
  op = await startNotifying(notification, {
    issuer,
    configuration: { features: { registration: { enabled: true }, registrationManagement: { enabled: true } } },
  })
})

afterAll(() => op.close())

async function register(endpoint: unknown): Promise<{ status: number; error?: string; description?: string }> {
  const { client_id: _, client_secret: __, ...metadata } = notified('', '')
  const registration = { ...metadata, deferred_client_notification_endpoint: endpoint }
  const { status, body } = await request('POST', `${op.origin}/reg`, registration)
  const { error, error_description: description } = body
  return { status, ...(error && { error }), ...(description && { description }) }
}

async function request(method: string, url: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

const construct = (endpoint: unknown, options: NotificationOptions = notification, at = issuer) =>
  new Provider(at, {
    clients: [notified('static', endpoint as string)],
    features: {
      clientCredentials: { enabled: true },
      deferredTokenResponse: { store: memoryStore(), keys: [Buffer.alloc(32, 1)], notification: options },
    },
  })

test('I-123 C02 E-22 none of them can be configured', () => {
  for (const { name, endpoint } of refused) {
    expect(() => construct(endpoint), name).toThrow(TypeError)
    expect(() => construct(endpoint), name).toThrow(/deferred_client_notification_endpoint/)
  }
})

// one of every kind: a registration asks the same rules
const samples = [
  ...malformed(port).slice(0, 2),
  ...[literals(port), refusedHosts(port), ports()].map(([one]) => one?.endpoint),
]

test.each(samples)('I-123 C02 E-22 %j cannot be registered', async (endpoint) => {
  expect(await register(endpoint)).toEqual({
    status: 400,
    error: 'invalid_client_metadata',
    description: expect.stringMatching(/^deferred_client_notification_endpoint must /),
  })
})

describe.each(ownPort(port))('where the issuer is on loopback $name', ({ endpoint }) => {
  const allowed = { allow: ['127.0.0.0/8', '::1'], ports: [port, 4443] }

  test('has one port that is no place for a client, and others that are', () => {
    for (const own of ['localhost', '127.0.0.1', '[::1]']) {
      const issuer = `http://${own}:${port}`
      expect(() => construct(endpoint, allowed, issuer)).toThrow(/must not be at the host of this provider/)
      expect(() => construct(endpoint.replace(String(port), '4443'), allowed, issuer)).not.toThrow()
    }
  })
})

test.each(['', ':443'])(
  'I-123 port 443 is the only one where nothing is said of ports, and may be left out: "%s"',
  (at) => {
    expect(() => construct(`https://rp.example${at}/`, {})).not.toThrow()
    for (const other of [22, 25, 80, 6379, 8443, 0]) {
      expect(() => construct(`https://rp.example:${other}/`, {})).toThrow(/must use port 443/)
    }
  },
)

test.each([
  `https://rp.example:${port}/`,
  `HTTPS://RP.EXAMPLE:${port}/notified?of=this`,
  `https://127.0.0.9:${port}/`,
  `https://0x7f000009:${port}/`,
  `https://8.8.8.8:${port}/`,
  `https://[2606:4700::1111]:${port}/`,
  `https://bücher.example:${port}/`,
  `https://rp.example.:${port}/`,
  `https://notdenied.example:${port}/`,
  `https://op.example.org:${port}/`,
])('I-123 %s can be registered and configured', async (endpoint) => {
  expect(await register(endpoint)).toEqual({ status: 201 })
  expect(() => construct(endpoint)).not.toThrow()
})

test.each([`https://127.0.0.1:${port}/`, `https://denied.example:${port}/`, 'https://rp.example:22/'])(
  'I-123 E-22 a registered client cannot move to %s',
  async (endpoint) => {
    const { client_id: _, client_secret: __, ...metadata } = notified('', `https://rp.example:${port}/`)
    const registration = await request('POST', `${op.origin}/reg`, metadata)
    const { client_id, client_secret, registration_access_token: token } = registration.body
    const update = (to: string) =>
      request(
        'PUT',
        `${op.origin}/reg/${client_id}`,
        { ...metadata, client_id, client_secret, deferred_client_notification_endpoint: to },
        { authorization: `Bearer ${token}` },
      )
    expect(await update(endpoint)).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } })
    expect((await update(`https://rp.example:${port}/elsewhere`)).status).toBe(200)
  },
)
