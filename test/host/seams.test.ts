import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Provider as Host } from 'oidc-provider'
import instance from 'oidc-provider/lib/helpers/weak_cache.js'
import { configure, install, memoryStore, registerDeferrableGrant } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { discoveryOf } from '../support/serve.js'

const issuer = 'https://op.example'
const require = createRequire(import.meta.url)
const { version } = require('oidc-provider/package.json') as { version: string }

// biome-ignore lint/suspicious/noExplicitAny: the host's internals have no types
type Loose = any

const replace = (target: object, name: string, value: unknown) =>
  Object.defineProperty(target, name, { value, configurable: true, writable: true })

/** Each seam, as a later host might have moved it. */
const moves: Record<string, (provider: Loose, internals: Loose) => void> = {
  'configuration.responseTypes': (_, { configuration }) => replace(configuration, 'responseTypes', new Set(['code'])),
  'configuration.grantTypes': (_, { configuration }) => replace(configuration, 'grantTypes', ['authorization_code']),
  'configuration.routes.token': (_, { configuration }) => replace(configuration, 'routes', {}),
  'configuration.features.dPoP': (_, { configuration }) => replace(configuration.features, 'dPoP', undefined),
  'configuration.features.mTLS.getCertificate': (_, { configuration }) => replace(configuration.features, 'mTLS', {}),
  grantTypeHandlers: (_, { grantTypeHandlers }) => grantTypeHandlers.delete('authorization_code'),
  grantTypeParams: (_, { grantTypeParams }) => grantTypeParams.clear(),
  grantTypeDupes: (_, internals) => replace(internals, 'grantTypeDupes', undefined),
  'Provider.ctx': (provider) => replace(provider, 'constructor', class {}),
  AuthorizationCode: ({ AuthorizationCode }) => replace(AuthorizationCode.prototype, 'consume', undefined),
  'AuthorizationCode payload': (provider) => {
    const { AuthorizationCode } = provider
    class Forgetful extends AuthorizationCode {
      constructor({ clientId, deferralHint, deferralContext }: Record<string, unknown>) {
        super({ clientId, deferralHint, deferralContext })
      }
    }
    replace(provider, 'AuthorizationCode', Forgetful)
  },
  'AuthorizationCode.IN_PAYLOAD': ({ AuthorizationCode }) => replace(AuthorizationCode, 'IN_PAYLOAD', undefined),
  'RefreshToken.IN_PAYLOAD': ({ RefreshToken }) => replace(RefreshToken, 'IN_PAYLOAD', new Set()),
  'AccessToken.revokeByGrantId': ({ AccessToken }) => replace(AccessToken, 'revokeByGrantId', undefined),
  ClientCredentials: ({ ClientCredentials }) => replace(ClientCredentials.prototype, 'save', undefined),
  RefreshToken: ({ RefreshToken }) => replace(RefreshToken.prototype, 'save', undefined),
  'DeviceCode.consume': ({ DeviceCode }) => replace(DeviceCode.prototype, 'consume', undefined),
  'BackchannelAuthenticationRequest.consume': ({ BackchannelAuthenticationRequest }) =>
    replace(BackchannelAuthenticationRequest.prototype, 'consume', undefined),
  'configuration.scopes': (_, { configuration }) => replace(configuration, 'scopes', ['openid']),
  'configuration.findAccount': (_, { configuration }) => replace(configuration, 'findAccount', undefined),
  'configuration.issueRefreshToken': (_, { configuration }) => replace(configuration, 'issueRefreshToken', undefined),
  AccessToken: ({ AccessToken }) => replace(AccessToken.prototype, 'setThumbprint', undefined),
  'ReplayDetection.unique': ({ ReplayDetection }) => replace(ReplayDetection, 'unique', undefined),
  'RefreshToken.revokeByGrantId': ({ RefreshToken }) => replace(RefreshToken, 'revokeByGrantId', undefined),
  'DeviceCode.save': ({ DeviceCode }) => replace(DeviceCode.prototype, 'save', undefined),
  'ReplayDetection.adapter': (provider) => replace(provider, 'ReplayDetection', { unique() {} }),
  'Grant.isExpired': ({ Grant }) => replace(Grant.prototype, 'isExpired', undefined),
  'Session.authorizationFor': ({ Session }) => replace(Session.prototype, 'authorizationFor', undefined),
  'Session.grantIdFor': ({ Session }) => replace(Session.prototype, 'grantIdFor', undefined),
  'OIDCContext.entity': ({ OIDCContext }) => replace(OIDCContext.prototype, 'entity', undefined),
  'Grant.find': ({ Grant }) => replace(Grant, 'find', undefined),
  'Session.findByUid': ({ Session }) => replace(Session, 'findByUid', undefined),
  'IdToken.issue': ({ IdToken }) => replace(IdToken.prototype, 'issue', undefined),
  'IdToken.validate': ({ IdToken }) => replace(IdToken, 'validate', undefined),
  'Client.responseTypeAllowed': ({ Client }) => replace(Client.prototype, 'responseTypeAllowed', undefined),
  'Client.grantTypeAllowed': ({ Client }) => replace(Client.prototype, 'grantTypeAllowed', undefined),
  'configuration.features.resourceIndicators': (_, { configuration }) =>
    replace(configuration.features, 'resourceIndicators', undefined),
  'configuration.interactions.policy': (_, { configuration }) => replace(configuration, 'interactions', {}),
  'OIDCContext.body': (provider) => {
    class Fielded extends provider.OIDCContext {
      body = undefined
    }
    replace(provider, 'OIDCContext', Fielded)
  },
  'OIDCContext.urlFor': ({ OIDCContext }) => replace(OIDCContext.prototype, 'urlFor', undefined),
  'OIDCContext.clientJwtAuthExpectedAudience': ({ OIDCContext }) =>
    replace(OIDCContext.prototype, 'clientJwtAuthExpectedAudience', undefined),
}

const options = { store: memoryStore() }
const prepared = () => new Host(issuer, configure({}, options))

/** oidc-provider as a second installation of it is loaded. */
async function anotherCopy(): Promise<typeof Host> {
  const folder = await mkdtemp(join(import.meta.dirname, 'copy-'))
  try {
    const installed = dirname(require.resolve('oidc-provider/package.json'))
    await cp(installed, folder, { recursive: true })
    const { Provider } = await import(pathToFileURL(join(folder, 'lib', 'index.js')).href)
    return Provider
  } finally {
    await rm(folder, { recursive: true })
  }
}

test.each(Object.entries(moves))('names %s and the version of the host when it has moved', (seam, move) => {
  const provider = prepared()
  move(provider, (instance as (provider: object) => Loose)(provider))
  const attempt = () => install(provider, options)
  expect(attempt).toThrow(TypeError)
  expect(attempt).toThrow(`oidc-provider ${version}: ${seam} is not`)
  expect(attempt).toThrow(/^features\.deferredTokenResponse /)
  expect(provider).not.toHaveProperty('deferrals')
})

test('nothing is installed when a seam has moved', async () => {
  const provider = prepared()
  const untouched = await discoveryOf(prepared())
  ;(provider as Loose).Grant.find = undefined
  expect(() => install(provider, options)).toThrow(/Grant\.find/)
  expect(await discoveryOf(provider)).toBe(untouched)
})

test('a host whose seams are in their places is accepted', () => {
  expect(install(prepared(), options)).toBeDefined()
})

test('a provider of another copy of oidc-provider is a TypeError that says so, and what to do', async () => {
  const Other = await anotherCopy()
  const provider = new Other(issuer, configure({}, options))
  const grant = { validate: () => ({}), issue: () => undefined }
  for (const attempt of [
    () => install(provider, options),
    () => registerDeferrableGrant(provider, 'urn:example:custom', grant),
  ]) {
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(/^features\.deferredTokenResponse .*another copy of oidc-provider .*npm ls oidc-provider/)
  }
  expect(provider).not.toHaveProperty('deferrals')
})

test('what is no provider is a TypeError that says so', () => {
  for (const none of [{}, undefined, Host]) {
    expect(() => install(none as never, options)).toThrow(/^features\.deferredTokenResponse needs a provider/)
  }
})

test('install twice is a TypeError', () => {
  const provider = prepared()
  install(provider, options)
  expect(() => install(provider, options)).toThrow(TypeError)
  expect(() => install(provider, options)).toThrow(/^features\.deferredTokenResponse .*once/)
})

test('install without configure is a TypeError', () => {
  const attempt = () => install(new Host(issuer, {}), options)
  expect(attempt).toThrow(TypeError)
  expect(attempt).toThrow(/^features\.deferredTokenResponse .*configure\(/)
})

test.each(['openid', 'oauth'])('install over a grant of the same name is a TypeError: %s', (profile) => {
  const provider = prepared()
  const urn =
    profile === 'openid' ? 'urn:openid:params:grant-type:deferred' : 'urn:ietf:params:oauth:grant-type:deferred'
  provider.registerGrantType(urn, async () => undefined)
  const attempt = () => install(provider, options)
  expect(attempt).toThrow(TypeError)
  expect(attempt).toThrow(`features.deferredTokenResponse.profiles.${profile} clashes`)
})
