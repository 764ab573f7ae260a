import { inspect } from 'node:util'
import { Provider as Host, interactionPolicy } from 'oidc-provider'
import { configure, type DeferredConfiguration, install, memoryStore, Provider } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { added, authorize, clientOf, deferrals, redeem } from './support/authorization.js'
import { grantType, redirectUri } from './support/clients.js'
import { interact } from './support/interaction.js'
import { startProvider } from './support/provider.js'
import { relyingParty } from './support/relying_party.js'
import { discoveryOf, serving } from './support/serve.js'
import { type Landing, userAgent } from './support/user_agent.js'

const client = {
  client_id: 'secret',
  client_secret: 'a secret of the client',
  redirect_uris: [redirectUri],
  grant_types: [grantType],
  response_types: ['deferred_code'] as const,
}
const base: DeferredConfiguration = {
  clients: [client],
  cookies: { keys: ['test'] },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  features: { devInteractions: { enabled: false } },
}

const withCode = { ...base, clients: [{ ...client, grant_types: ['authorization_code'], response_types: ['code'] }] }

type Make = (issuer: string) => Host & { deferrals?: Provider['deferrals'] }

/** Where a browser ends on a provider however it was made, and what is done with it there. */
function visit<T>(make: Make, params = {}, then?: (provider: Provider, landing: Landing) => Promise<T>) {
  let provider: Host
  return serving(
    (req, res) => {
      if (req.url?.startsWith('/interaction/')) interact(provider, req, res, {})
      else provider.callback()(req, res)
    },
    async (issuer) => {
      provider = make(issuer)
      const landing = await userAgent().visit(relyingParty(issuer).authorizationUrl(params))
      return then?.(provider as Provider, landing)
    },
  )
}

/** The token answer at the end of the whole flow. */
function flow(make: Make) {
  return visit(make, {}, async ({ issuer, deferrals }, { params }) => {
    const rp = relyingParty(issuer)
    const { body } = await rp.exchange(params.deferred_code!)
    await deferrals.approve(params.deferred_code!.slice(0, 22))
    return rp.poll(body.deferred_auth_id)
  })
}

test('O-018 configure and install on the host’s own class are all there is to it', async () => {
  const options = { store: memoryStore() }
  const tokens = await flow((issuer) => {
    const provider = new Host(issuer, configure(base as never, options))
    const installed = install(provider, options)
    expect((provider as unknown as Provider).deferrals).toBe(installed)
    expect(Object.keys(provider)).not.toContain('deferrals')
    return provider as Provider
  })
  expect(tokens).toMatchObject({ status: 200, body: { id_token: expect.any(String) } })
})

test('a class of the integrator’s, derived from ours, works', async () => {
  class Bank extends Provider {}
  const deferredTokenResponse = { store: memoryStore() }
  const tokens = await flow(
    (issuer) => new Bank(issuer, { ...base, features: { ...base.features, deferredTokenResponse } }),
  )
  expect(tokens).toMatchObject({ status: 200 })
})

test('without install no request is answered, and the log says what is missing', async () => {
  const messages: string[] = []
  const make = (issuer: string) => {
    const provider = new Host(issuer, configure(withCode as never, { store: memoryStore() }))
    return provider.on('server_error', (_ctx, error) => messages.push(error.message))
  }
  await visit(make, { response_type: 'code' })
  expect(messages).toEqual([expect.stringMatching(/^features\.deferredTokenResponse needs install\(/)])
})

describe('the integrator’s configuration', () => {
  test('is not changed by construction or by requests', async () => {
    const policy = interactionPolicy.base()
    const configuration: DeferredConfiguration = {
      interactions: { policy, url: (_ctx, { uid }) => `/interaction/${uid}` },
      extraParams: new Set(['branch']),
      extraClientMetadata: { properties: ['tier'] },
      responseTypes: ['code'],
      clients: [{ ...client, response_types: ['deferred_code'] }],
      scopes: ['openid'],
      features: { revocation: { enabled: true } },
    }
    const show = () => inspect(configuration, { depth: 20, maxArrayLength: null, showHidden: true })
    const before = show()
    const op = await startProvider({ configuration })
    await authorize(op, await clientOf(op, 'secret'))
    expect(show()).toBe(before)
    expect(policy.map(({ name }) => name)).toEqual(['login', 'consent'])
    await op.close()
  })

  test('may be frozen, all of it', () => {
    const configuration = deepFreeze({ ...base, interactions: { policy: interactionPolicy.base() } })
    expect(() => configure(configuration as never, Object.freeze({ store: memoryStore() }))).not.toThrow()
  })

  test('serves two providers, which do not meet', async () => {
    const [one, two] = [await startProvider({ configuration: base }), await startProvider({ configuration: base })]
    const { new: deferred } = await added(two, async () => authorize(one, await clientOf(one, 'secret')))
    expect(deferred).toEqual([])
    expect(await deferrals(one)).toHaveLength(1)
    await Promise.all([one.close(), two.close()])
  })
})

function deepFreeze<T>(value: T): T {
  for (const member of Object.values(value as object)) if (typeof member === 'object' && member) deepFreeze(member)
  return Object.freeze(value)
}

describe('a host without the authorization_code grant', () => {
  const responseTypes = ['id_token'] as const
  const without = { responseTypes: [...responseTypes], clients: [client], scopes: ['openid'] }

  test('C01 is announced as such: the document differs by the deferral alone', async () => {
    const plain = JSON.parse(await discoveryOf(new Host('http://op.example', { responseTypes: [...responseTypes] })))
    const features = { deferredTokenResponse: { store: memoryStore() } }
    const ours = JSON.parse(
      await discoveryOf(new Provider('http://op.example', { responseTypes: [...responseTypes], features })),
    )
    // the combined type could yield a code that nobody redeems
    expect(ours.response_types_supported).toEqual([...plain.response_types_supported, 'deferred_code'])
    expect(ours.grant_types_supported).toEqual([
      ...plain.grant_types_supported,
      grantType,
      'urn:ietf:params:oauth:grant-type:deferred',
    ])
  })

  test('O-018 defers, to the tokens, and refuses codes as the plain host does', async () => {
    const op = await startProvider({ configuration: without })
    const rp = await clientOf(op, 'secret')
    const { params } = await authorize(op, rp)
    expect(await redeem(op, rp, params.deferred_code!)).toMatchObject({
      status: 200,
      body: { id_token: expect.any(String) },
    })
    const code = { grant_type: 'authorization_code', code: 'x', redirect_uri: redirectUri }
    expect(await rp.token(code)).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } })
    const asked = await authorize(op, rp, { response_type: 'code' })
    expect(asked.params).toMatchObject({ error: 'unsupported_response_type', state: 'a state' })
    await op.close()
  })
})
