import { type Configuration, Provider as Host } from 'oidc-provider'
import {
  configure,
  type DeferrableGrant,
  type DeferredTokenResponseOptions,
  install,
  memoryStore,
  Provider,
  registerDeferrableGrant,
} from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { added, authorize } from '../../support/authorization.js'
import { grantType, oauthGrantType } from '../../support/clients.js'
import { authorizationCode, grants, redeem, request, whoeverCan } from '../../support/deferral.js'
import { withProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

const defer = whoeverCan
const device = 'urn:ietf:params:oauth:grant-type:device_code'
const grant: DeferrableGrant = { validate: () => ({}), issue: () => undefined }

function construct(options: DeferredTokenResponseOptions, configuration: Configuration = {}): Provider {
  const { features, ...others } = configuration
  const deferredTokenResponse = { store: memoryStore(), ...options }
  return new Provider('https://op.example', {
    ...(others as object),
    features: { clientCredentials: { enabled: true }, ...features, deferredTokenResponse },
  })
}

describe('I-021 C-I34 grants', () => {
  test.each(grants)('I-017 with %s alone the other one cannot wait', async (only) => {
    const asked: (string | undefined)[] = []
    const options: DeferredTokenResponseOptions = {
      grants: [only],
      defer(_ctx, { grantType: requested, obstacle }) {
        if (obstacle === 'grant') return false
        asked.push(requested)
        return true
      },
    }
    await withProvider({ deferred: options }, async (op) => {
      for (const one of grants) {
        const { result, ...outcome } = await added(op, () => request(relyingParty(op.issuer), one))
        expect(result.answer.status).toBe(one === only ? 400 : 200)
        expect(outcome.new).toHaveLength(one === only ? 1 : 0)
      }
      expect(asked).toEqual([only])
    })
  })

  test('I-026 where codes are never deferred a hint means nothing, remembered or forgotten', async () => {
    await withProvider({ deferred: { defer, grants: ['client_credentials'] } }, async (op) => {
      const rp = relyingParty(op.issuer)
      for (const params of [{}, { completion_mode: 'deferred' }]) {
        const code = await authorizationCode(rp, { completion_mode: 'deferred' })
        expect(await redeem(rp, code, params)).toMatchObject({ status: 200 })
      }
    })
  })

  test('an empty list: none of the host’s', async () => {
    await withProvider({ deferred: { defer, grants: [] } }, async (op) => {
      for (const one of grants) expect((await request(relyingParty(op.issuer), one)).answer.status).toBe(200)
    })
  })

  test('without the option, both', async () => {
    await withProvider({ deferred: { defer } }, async (op) => {
      for (const one of grants) expect((await request(relyingParty(op.issuer), one)).answer.status).toBe(400)
    })
  })

  test('the openid profile does not ask for it', async () => {
    await withProvider({ deferred: { defer, grants: [] } }, async (op) => {
      const { params } = await authorize(op, relyingParty(op.issuer))
      expect(params).toHaveProperty('deferred_code')
    })
  })

  const wrong: Record<string, [unknown, string]> = {
    'no array': ['authorization_code', 'grants'],
    'no strings': [[7], 'grants'],
    'C-I19 refresh_token': [['authorization_code', 'refresh_token'], 'grants[1]'],
    'C-I35 the device grant': [[device], 'grants[0]'],
    'C-I35 CIBA': [['urn:openid:params:grant-type:ciba'], 'grants[0]'],
    implicit: [['implicit'], 'grants[0]'],
    'the grant of polls': [[oauthGrantType], 'grants[0]'],
    'the grant of the other profile': [[grantType], 'grants[0]'],
    'an unknown grant': [['urn:example:unknown'], 'grants[0]'],
    'a name every object has': [['constructor'], 'grants[0]'],
  }

  test.each(Object.keys(wrong))('%s is a TypeError that names the entry', (name) => {
    const [value, path] = wrong[name] as [unknown, string]
    const build = () => construct({ grants: value as string[] })
    expect(build).toThrow(TypeError)
    expect(build).toThrow(`features.deferredTokenResponse.${path} `)
  })

  test('a grant the host has not enabled is a TypeError', () => {
    const without = { features: { clientCredentials: { enabled: false } } }
    expect(() => construct({ grants: ['client_credentials'] }, without)).toThrow(
      /^features\.deferredTokenResponse\.grants\[0\] /,
    )
    const codeless = { responseTypes: ['id_token' as const] }
    expect(() => construct({ grants: ['authorization_code'] }, codeless)).toThrow(
      /^features\.deferredTokenResponse\.grants\[0\] /,
    )
  })

  test('a grant of the integrator’s is told where it belongs', () => {
    expect(() => construct({ grants: ['urn:example:mine'] })).toThrow(/registerDeferrableGrant/)
  })

  test('with profiles.oauth: false nothing is looked for', () => {
    const without = { features: { clientCredentials: { enabled: false } } }
    expect(() => construct({ grants: ['client_credentials'], profiles: { oauth: false } }, without)).not.toThrow()
  })

  test('a deferrable grant registered between configure and install may be listed', () => {
    const options = { store: memoryStore(), grants: ['urn:example:mine'] }
    const provider = new Host('https://op.example', configure({}, options))
    registerDeferrableGrant(provider, 'urn:example:mine', grant)
    expect(install(provider, options)).toBeDefined()
  })
})

describe('registerDeferrableGrant', () => {
  const wrong: Record<string, [unknown, unknown]> = {
    'no name': ['', grant],
    'a number': [7, grant],
    'a grant of the host': ['authorization_code', grant],
    'another one': ['client_credentials', grant],
    'C-I19 refresh_token': ['refresh_token', grant],
    'C-I35 the device grant': [device, grant],
    'the grant of polls': [oauthGrantType, grant],
    'no grant': ['urn:example:mine', undefined],
    'no validate': ['urn:example:mine', { issue: grant.issue }],
    'no issue': ['urn:example:mine', { validate: grant.validate }],
  }

  test.each(Object.keys(wrong))('%s is a TypeError, and registers nothing', (name) => {
    const [type, wrongGrant] = wrong[name] as [string, DeferrableGrant]
    const provider = construct({})
    expect(() => registerDeferrableGrant(provider, type, wrongGrant)).toThrow(TypeError)
    expect(() => registerDeferrableGrant(provider, type, wrongGrant)).toThrow(/^registerDeferrableGrant: /)
  })
})
