import type { DeferredTokenResponseOptions } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { oauthGrantType } from '../../support/clients.js'
import { whoeverCan } from '../../support/deferral.js'
import { type TestProvider, withProvider } from '../../support/provider.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { assertion, assertionGrant, customClients, registerCustomGrants } from './custom_grants.js'

const defer = whoeverCan
const send = async (at: TestProvider, rp: RelyingParty) =>
  rp.token({
    grant_type: assertionGrant,
    assertion: await assertion(at.clock),
    scope: 'email',
    completion_mode: 'deferred',
    client_notification_token: 'a b',
  })

const clientsOf = (...types: string[]) =>
  customClients.map((client) => ({ ...client, grant_types: types, response_types: [] })) as typeof customClients

describe.each<[string, DeferredTokenResponseOptions]>([
  ['enabled: false', { enabled: false, defer }],
  ['profiles.oauth: false', { profiles: { oauth: false }, defer }],
])('I-006 E-56 with %s', (_, deferred) => {
  const options = { configuration: { clients: clientsOf(assertionGrant) }, deferred }

  test('a deferrable grant answers at once, completion_mode harms nothing', async () => {
    await withProvider(options, async (at) => {
      const did = registerCustomGrants(at.provider, at.clock)
      const answer = await send(at, relyingParty(at.issuer))
      expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', scope: 'email' } })
      expect(did.issued).toMatchObject([{ source: { accountId: 'alice', clientId: 'secret' } }])
    })
  })

  test('its tokens are bound to the key of the request all the same', async () => {
    await withProvider(options, async (at) => {
      registerCustomGrants(at.provider, at.clock)
      const rp = relyingParty(at.issuer, 'secret', await dpopKey())
      const { status, body } = await send(at, rp)
      expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'DPoP' })
      expect(await at.provider.AccessToken.find(body.access_token)).toMatchObject({ jkt: rp.key?.jkt })
    })
  })

  test('what its validate refuses is refused', async () => {
    await withProvider(options, async (at) => {
      registerCustomGrants(at.provider, at.clock)
      const params = { grant_type: assertionGrant, assertion: 'x', completion_mode: 'deferred' }
      expect(await relyingParty(at.issuer).token(params)).toMatchObject({ body: { error: 'invalid_grant' } })
    })
  })
})

test('I-006 with profiles.oauth: false nothing is deferred, even where a grant of the integrator’s has the name of polls', async () => {
  const configuration = { clients: clientsOf(assertionGrant, oauthGrantType) }
  await withProvider({ configuration, deferred: { profiles: { oauth: false }, defer } }, async (at) => {
    registerCustomGrants(at.provider, at.clock)
    at.provider.registerGrantType(oauthGrantType, (ctx) => {
      ctx.body = { mine: true }
    })
    expect(await send(at, relyingParty(at.issuer))).toMatchObject({ status: 200 })
    expect((await at.provider.deferrals.list()).deferrals).toEqual([])
  })
})
