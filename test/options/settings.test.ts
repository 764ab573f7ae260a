import { Provider as Host } from 'oidc-provider'
import { configure, type DeferredTokenResponseOptions, install, memoryStore, Provider } from 'oidc-provider-deferred'
import { describe, expect, test, vi } from 'vitest'
import { storeOperations } from '../../lib/deferral/store.js'
import { discoveryOf } from '../support/serve.js'

const issuer = 'https://op.example'
const key = Buffer.alloc(32, 7)

const dotted = ['/.well-known/openid-configuration', '/.well-known/cancel', '/deferred/../token', '/./cancel', '/..']

/** What is wrong, and the path the message starts with. */
const wrong: [path: string, options: unknown][] = [
  ['', true],
  ['', null],
  ['', 'yes'],
  ['', 1],
  ['', []],
  ['enabled', { enabled: 'yes' }],
  ['enabled', { enabled: null }],
  ['enabled', { enabled: 0 }],
  ['deffer', { deffer: () => true }],
  ['constructor', { constructor: 1 }],
  ...['grants', 'reconsider', 'policy'].map((name) => [name, { [name]: {} }] as [string, unknown]),
  ['grants', { grants: 'authorization_code' }],
  ['grants', { grants: [undefined] }],
  ...[
    'refresh_token',
    'implicit',
    'urn:openid:params:grant-type:ciba',
    'urn:ietf:params:oauth:grant-type:device_code',
    'urn:ietf:params:oauth:grant-type:pre-authorized_code',
    'urn:ietf:params:oauth:grant-type:deferred',
    'urn:openid:params:grant-type:deferred',
  ].map((name) => ['grants[1]', { grants: ['authorization_code', name] }] as [string, unknown]),
  ['reconsider', { reconsider: true }],
  ['narrow', { narrow: [] }],
  ['narrow', { narrow: () => true }],
  ['narrow.payment', { narrow: { payment: 'less' } }],
  ['store', { store: null }],
  ['store', { store: {} }],
  ['store', { store: 'mongodb://127.0.0.1' }],
  ['store', { store: memoryStore }],
  ...storeOperations.map((verb) => ['store', { store: { ...memoryStore(), [verb]: undefined } }] as [string, unknown]),
  ['longPoll.seconds', { longPoll: { seconds: 301 } }],
  ['longPoll.seconds', { longPoll: { seconds: 0.5 } }],
  ['longPoll.waiters', { longPoll: { waiters: 0 } }],
  ['longPoll', { longPoll: 30 }],
  ['defer', { defer: true }],
  ['defer', { defer: null }],
  ['keys', { keys: key }],
  ['keys', { keys: 'a key' }],
  ['keys[0]', { keys: [undefined] }],
  ['keys[0]', { keys: ['too short'] }],
  ['keys[0]', { keys: [key.toString('hex')] }],
  ['keys[0]', { keys: [`${key.toString('base64url')}+`] }],
  ['keys[0]', { keys: [key.subarray(1)] }],
  ['keys[1]', { keys: [key, Buffer.alloc(33)] }],
  ['keys[1]', { keys: [key, 32] }],
  ['keys[0]', { keys: [Buffer.alloc(32)] }],
  ['keys[1]', { keys: [key, Buffer.alloc(32).toString('base64url')] }],
  ['profiles', { profiles: ['openid'] }],
  ['profiles.openid', { profiles: { openid: 'yes' } }],
  ['profiles', { profiles: { openid: false, oauth: false } }],
  ['profiles.oauth', { profiles: { oauth: 1 } }],
  ['profiles.saml', { profiles: { saml: true } }],
  ['ttl', { ttl: 60 }],
  ...[0, -1, 1.5, '60', null, Number.NaN, Number.POSITIVE_INFINITY].flatMap(
    (seconds) =>
      [
        ['ttl.deferredCode', { ttl: { deferredCode: seconds } }],
        ['ttl.deferral', { ttl: { deferral: seconds } }],
        ['interval', { interval: seconds }],
      ] as [string, unknown][],
  ),
  ['ttl.deferredCode', { ttl: { deferredCode: 601 } }],
  ...[-1, 0.5, 301, '60', true, null, Number.NaN, Number.POSITIVE_INFINITY].map(
    (seconds) => ['retryWindow', { retryWindow: seconds }] as [string, unknown],
  ),
  ['ttl.code', { ttl: { code: 60 } }],
  ...[0, -1, 1.5, '50', false, null, Number.NaN, Number.POSITIVE_INFINITY].flatMap(
    (count) =>
      [
        ['maxPending.perAccount', { maxPending: { perAccount: count } }],
        ['maxPending.perClient', { maxPending: { perClient: count } }],
      ] as [string, unknown][],
  ),
  ['maxPending', { maxPending: 50 }],
  ['maxPending.perUser', { maxPending: { perUser: 50 } }],
  ['requireSenderConstraint', { requireSenderConstraint: 'no' }],
  ['requireSenderConstraint', { requireSenderConstraint: 1 }],
  ['interimIdToken', { interimIdToken: { given_name: 'Alice' } }],
  ['routes', { routes: '/cancel' }],
  ['routes.revocation', { routes: { revocation: '/revoke' } }],
  ...[
    'cancel',
    '/',
    '',
    '/a/',
    '//a',
    '/a?b',
    '/a#b',
    '/a b',
    'https://op.example/cancel',
    '/:id',
    7,
    null,
    ...dotted,
  ].map((path) => ['routes.cancellation', { routes: { cancellation: path } }] as [string, unknown]),
  ['now', { now: new Date() }],
  ['now', { now: 0 }],
  ...['2020', Date.now(), undefined, new Date('never'), Promise.resolve(new Date())].map(
    (time) => ['now', { now: () => time }] as [string, unknown],
  ),
]

const message = (path: string) => `features.deferredTokenResponse${path ? `.${path}` : ''} `

describe.each(wrong)('features.deferredTokenResponse.%s %j', (path, options) => {
  const deferredTokenResponse = options as DeferredTokenResponseOptions

  test('is a TypeError of Provider, configure and install that starts with its path and says what to write', () => {
    expectTypeError(() => new Provider(issuer, { features: { deferredTokenResponse } }), path)
    expectTypeError(() => configure({}, deferredTokenResponse), path)
    expectTypeError(
      () => install(new Host(issuer, configure({}, { store: memoryStore() })), deferredTokenResponse),
      path,
    )
  })
})

function expectTypeError(work: () => unknown, path: string): void {
  const error = caught(work)
  expect(error).toBeInstanceOf(TypeError)
  expect(error.message.startsWith(message(path))).toBe(true)
  expect(error.message.slice(message(path).length)).toMatch(/must|use|leave|choose/)
}

function caught(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

test.each([
  ['nothing at all', {}],
  ['undefined members', { defer: undefined, store: undefined, keys: undefined, ttl: undefined, routes: undefined }],
  ['every option', everything()],
  ['a window for retries that is off', { retryWindow: 0 }],
])('accepts %s', (_, options) => {
  expect(() => new Provider(issuer, { features: { deferredTokenResponse: options as never } })).not.toThrow()
})

function everything(): DeferredTokenResponseOptions {
  return {
    enabled: true,
    store: memoryStore(),
    defer: async () => true,
    keys: [key, key.toString('base64url'), new Uint8Array(32).fill(1)],
    profiles: { openid: true, oauth: false },
    ttl: { deferredCode: 1, deferral: 10 * 365 * 86_400 },
    retryWindow: 300,
    interval: 1,
    longPoll: { seconds: 300, waiters: 1 },
    requireSenderConstraint: false,
    interimIdToken: () => undefined,
    routes: { cancellation: '/api/v1.0/~x/cancel_it' },
    now: () => new Date(),
  }
}

test.each(['/token', '/Token', '/auth', '/request', '/jwks', '/me', '/session/end'])(
  'a cancellation route that is the host’s %s is a TypeError that names it',
  (path) => {
    const options = { store: memoryStore(), routes: { cancellation: path } }
    const error = caught(() => new Provider(issuer, { features: { deferredTokenResponse: options } }))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(/^features\.deferredTokenResponse\.routes\.cancellation clashes with routes\.\w+/)
  },
)

test('without a store it warns that memory forgets; with one it does not', () => {
  const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const warnings = () =>
    emit.mock.calls.flat().filter((one) => String(one).startsWith('features.deferredTokenResponse'))
  new Provider(issuer, { features: { deferredTokenResponse: { store: memoryStore() } } })
  expect(warnings()).toEqual([])
  new Provider(issuer, { features: { deferredTokenResponse: {} } })
  expect(warnings()).toEqual([expect.stringMatching(/\.store is not set.*mongoStore/)])
  emit.mockRestore()
})

test('a provider reads its options once', () => {
  let reads = 0
  const options = {
    store: memoryStore(),
    get interval() {
      reads++
      return 5
    },
  }
  const provider = new Host(issuer, configure({}, options))
  expect(install(provider, options)).toBeDefined()
  expect(reads).toBe(1)
})

test('a clock that fails later is the same TypeError, where it is read', async () => {
  let time: unknown = new Date()
  const options = { store: memoryStore(), now: () => time as Date }
  await using deferrals = new Provider(issuer, { features: { deferredTokenResponse: options } }).deferrals
  time = '2020'
  await expect(deferrals.stats()).rejects.toThrow('features.deferredTokenResponse.now must return a valid Date')
})

test('install takes the options it is given, also when configure had other ones', () => {
  const provider = new Host(issuer, configure({}, { store: memoryStore() }))
  const other = { store: memoryStore(), routes: { cancellation: '/token' } }
  expect(() => install(provider, other)).toThrow(/\.routes\.cancellation clashes with routes\.token/)
})

describe('C01 enabled: false', () => {
  const off = { enabled: false }

  test('configure returns its argument, install undefined', () => {
    const configuration = { clients: [] }
    expect(configure(configuration, off)).toBe(configuration)
    const provider = new Host(issuer, configuration)
    const before = Object.getOwnPropertyNames(provider)
    expect(install(provider, off)).toBeUndefined()
    expect(Object.getOwnPropertyNames(provider)).toEqual(before)
    expect(provider).not.toHaveProperty('deferrals')
  })

  test.each([{ features: {} }, { features: { deferredTokenResponse: off } }, {}])(
    'the Provider with %j is the host',
    async (configuration) => {
      const provider = new Provider(issuer, configuration)
      expect(provider.deferrals).toBeUndefined()
      expect(await discoveryOf(provider)).toBe(await discoveryOf(new Host(issuer, {})))
    },
  )

  test('no other option is looked at', () => {
    expect(() => configure({}, { enabled: false, store: {} } as never)).not.toThrow()
  })
})
