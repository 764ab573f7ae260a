import { Provider } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { added, authorize, clientTypes, redeem } from '../../support/authorization.js'
import { clients, grantType, redirectUri } from '../../support/clients.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { userAgent } from '../../support/user_agent.js'

describe('C03 a client without', () => {
  let op: TestProvider

  beforeAll(async () => {
    const without = (metadata: object) => (client: object) => ({ ...client, ...metadata })
    op = await startProvider({
      configuration: {
        clients: [
          ...clients.filter(({ client_id: id }) => id === 'plain' || id === 'other'),
          ...clients
            .filter(({ client_id: id }) => id !== 'plain' && id !== 'other')
            .map(without({ grant_types: ['authorization_code'], response_types: ['code'] })),
        ] as typeof clients,
      },
    })
  })
  afterAll(() => op.close())

  test.each(clientTypes)(
    'O-011 C03 C-O25 the response type gets unauthorized_client by redirect (%s)',
    async (clientId) => {
      const rp = relyingParty(op.issuer, clientId)
      const outcome = await added(op, () => authorize(op, rp))
      expect(outcome.result.params).toEqual({
        error: 'unauthorized_client',
        error_description: expect.any(String),
        state: 'a state',
        iss: op.issuer,
      })
      expect(outcome.new).toEqual([])
    },
  )

  test.each(clientTypes)(
    'O-011 C03 the grant gets unauthorized_client at the token endpoint (%s)',
    async (clientId) => {
      const { params } = await authorize(op, relyingParty(op.issuer, 'other'))
      const rp = relyingParty(op.issuer, clientId)
      expect(await rp.exchange(params.deferred_code!)).toMatchObject({
        status: 400,
        body: { error: 'unauthorized_client' },
      })
      // and the rightful client's code is none the worse for it
      expect(await redeem(op, relyingParty(op.issuer, 'other'), params.deferred_code!)).toMatchObject({ status: 200 })
    },
  )
})

const half = {
  client_id: 'half',
  client_secret: 'half a secret',
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code'],
  response_types: ['code', 'deferred_code'],
}

test('C03 O-011 a stored client with the response type alone, without the grant, is unauthorized_client', async () => {
  const adapter = memoryAdapter()
  await adapter('Client').upsert('half', half as never, 0)
  const op = await startProvider({ configuration: { adapter } })
  const { params } = await userAgent().visit(relyingParty(op.issuer, 'half').authorizationUrl())
  expect(params).toMatchObject({ error: 'unauthorized_client', state: 'a state', iss: op.issuer })
  expect((await op.provider.deferrals.list()).deferrals).toEqual([])
  await op.close()
})

describe('O-011 a static client with the response type, without the grant,', () => {
  const construct = (client: object, others: object = {}) =>
    new Provider('https://op.example', {
      clients: [client as never],
      ...others,
      features: { deferredTokenResponse: { profiles: { oauth: false } } },
    })
  const { grant_types: _, response_types: __, ...bare } = half

  test.each([
    ['code beside it', half, {}],
    ['the words in another order', { ...half, response_types: ['deferred_code code'] }, {}],
    ['no grants at all', { ...half, grant_types: undefined }, {}],
    ['both from clientDefaults', bare, { clientDefaults: { response_types: ['deferred_code'] } }],
  ])('is a TypeError that says what to add: %s', (_name, client, others) => {
    expect(() => construct(client, others)).toThrow(
      new TypeError(
        `features.deferredTokenResponse.profiles.openid cannot serve client half: add '${grantType}' to its grant_types, or remove deferred_code from its response_types`,
      ),
    )
  })

  test('is none when clientDefaults have the grant', () => {
    const { grant_types: _grants, ...without } = half
    expect(() =>
      construct(without, { clientDefaults: { grant_types: [grantType, 'authorization_code'] } }),
    ).not.toThrow()
  })
})
