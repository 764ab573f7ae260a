import type { DeferredConfiguration } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { type TestProvider, withProvider } from '../../support/provider.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { assertion, assertionGrant, customClients, registerCustomGrants } from './custom_grants.js'

const configuration = (dPoP: boolean): DeferredConfiguration => ({
  responseTypes: [],
  clients: customClients.map((client) => ({ ...client, grant_types: [assertionGrant], response_types: [] })) as never,
  features: { dPoP: { enabled: dPoP } },
})

async function send(at: TestProvider, rp: RelyingParty) {
  registerCustomGrants(at.provider, at.clock)
  const token = await assertion(at.clock)
  return rp.token({ grant_type: assertionGrant, assertion: token, scope: 'email', completion_mode: 'deferred' })
}

describe('a deferrable grant where the plugin is off and the host has no grant of authorization codes', () => {
  test.each([true, false])('answers at once, with features.dPoP %s', async (dPoP) => {
    await withProvider({ configuration: configuration(dPoP), deferred: { enabled: false } }, async (at) => {
      expect(await send(at, relyingParty(at.issuer))).toMatchObject({ status: 200, body: { token_type: 'Bearer' } })
    })
  })

  test('refuses a DPoP proof, for nobody verifies it', async () => {
    await withProvider({ configuration: configuration(true), deferred: { enabled: false } }, async (at) => {
      const answer = await send(at, relyingParty(at.issuer, 'secret', await dpopKey()))
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
      expect(answer.body).not.toHaveProperty('access_token')
    })
  })

  test('refuses what is no proof alike', async () => {
    await withProvider({ configuration: configuration(true), deferred: { enabled: false } }, async (at) => {
      registerCustomGrants(at.provider, at.clock)
      const params = { grant_type: assertionGrant, assertion: await assertion(at.clock), scope: 'email' }
      const answer = await relyingParty(at.issuer).token(params, { headers: { dpop: 'no proof' } })
      expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(/^invalid_/) } })
    })
  })

  test('does not look at one where features.dPoP is off', async () => {
    await withProvider({ configuration: configuration(false), deferred: { enabled: false } }, async (at) => {
      const answer = await send(at, relyingParty(at.issuer, 'secret', await dpopKey()))
      expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer' } })
    })
  })
})
