import { randomBytes } from 'node:crypto'
import { type DeferredConfiguration, Provider } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { cibaClients, cibaGrantType, hint, withPhone } from '../../../support/phone.js'
import { withProvider } from '../../../support/provider.js'
import { relyingParty } from '../../../support/relying_party.js'
import { discoveryOf } from '../../../support/serve.js'

const issuer = 'http://op.example'
const hooks = {
  processLoginHint: () => 'alice',
  processLoginHintToken: () => 'alice',
  validateBindingMessage: () => undefined,
  validateRequestContext: () => undefined,
  verifyUserCode: () => undefined,
  triggerAuthenticationDevice: () => undefined,
}
const feature = { enabled: true, deliveryModes: ['poll'], ...hooks }
const provider = (deferredTokenResponse: object, ciba: object = feature) =>
  new Provider(issuer, { features: { ciba, deferredTokenResponse } } as DeferredConfiguration)

test.each([
  [{ reachOut: 'yes' }, 'ciba.reachOut must be true, false or a function'],
  [{ hint: 1 }, 'ciba.hint must be true or false'],
  [{ hints: true }, 'ciba.hints is not an option, use one of reachOut, hint, maxLegs, expiresIn, maxOpen'],
  [{ maxLegs: 0 }, 'ciba.maxLegs must be a whole number from 1 to 10'],
  [{ maxOpen: { perAccount: 0 } }, 'ciba.maxOpen.perAccount must be a whole number from 1 to 100'],
  [{ maxOpen: { perClient: 1001 } }, 'ciba.maxOpen.perClient must be a whole number from 1 to 1000'],
])('X-100 %j is a TypeError with the path', (ciba, message) => {
  expect(() => provider({ ciba })).toThrow(new TypeError(`features.deferredTokenResponse.${message}`))
})

test.each([{ hint: true }, { reachOut: true }])('X-100 with %j the host must be able to reach somebody', (ciba) => {
  expect(() => provider({ ciba }, { enabled: false })).toThrow('ciba needs the feature of the host')
  const { triggerAuthenticationDevice: _stub, ...others } = feature
  expect(() => provider({ ciba }, others)).toThrow('ciba needs your features.ciba.triggerAuthenticationDevice')
  expect(() => provider({ ciba })).not.toThrow()
})

test('X-131 pings need keys', () => {
  const pings = { ...feature, deliveryModes: ['poll', 'ping'] }
  expect(() => provider({ ciba: { hint: true } }, pings)).toThrow(
    "features.deferredTokenResponse.ciba.hint needs keys, or features.ciba.deliveryModes without 'ping'",
  )
  expect(() => provider({ ciba: { reachOut: true } }, pings)).not.toThrow()
  expect(() => provider({ ciba: { hint: true }, keys: [randomBytes(32)] }, pings)).not.toThrow()
})

test('X-130 push cannot be registered', async () => {
  const push = {
    backchannel_token_delivery_mode: 'push',
    backchannel_client_notification_endpoint: 'https://rp.example/p',
  }
  const clients = cibaClients.map((client) => ({ ...client, ...push }))
  const { options } = withPhone({ hint: true }, { configuration: { clients } as DeferredConfiguration })
  await withProvider(options, async (op) => {
    const answer = await hint(relyingParty(op.issuer), 'x'.repeat(65))
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } })
  })
})

test('X-100 the grant of CIBA must be that of the host', async () => {
  const { configure, install } = await import('oidc-provider-deferred')
  const { Provider: HostProvider } = await import('oidc-provider')
  const options = { ciba: { hint: true } }
  const host = new HostProvider(issuer, configure({ features: { ciba: feature } } as never, options))
  host.registerGrantType(cibaGrantType, async () => undefined, ['auth_req_id'])
  expect(() => install(host, options)).toThrow('ciba needs the grant of the host, another one is registered for CIBA')
})

test('X-100 discovery is the same with and without it, byte for byte', async () => {
  const without = await discoveryOf(provider({}))
  for (const ciba of [{}, { hint: false, reachOut: false }, { hint: true, reachOut: true }]) {
    expect(await discoveryOf(provider({ ciba }))).toBe(without)
  }
})
