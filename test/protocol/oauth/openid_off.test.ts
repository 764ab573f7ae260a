import type { DeferringClientMetadata } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { deferrals } from '../../support/authorization.js'
import { clients, oauthGrantType } from '../../support/clients.js'
import { authorizationCode, grants, held, pollDeferral, redeem, revoke } from '../../support/deferral.js'
import { withProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'

describe('profiles.openid: false, this draft alone', () => {
  const machines = clients.map((client) => ({
    ...client,
    grant_types: ['client_credentials', oauthGrantType],
    response_types: [],
    redirect_uris: [],
  })) as DeferringClientMetadata[]

  test('I-008 I-021 both grants are deferred, polled and revoked', async () => {
    const users = clients.map((client) => ({
      ...client,
      response_types: ['code'],
      grant_types: ['authorization_code', 'client_credentials', 'refresh_token', oauthGrantType],
    })) as DeferringClientMetadata[]
    const options = { configuration: { clients: users }, deferred: { profiles: { openid: false }, defer: () => true } }
    await withProvider(options, async (at) => {
      const rp = relyingParty(at.issuer)
      for (const grant of grants) {
        const first = await held(at, rp, grant)
        await at.provider.deferrals.approve(first.id)
        expect(await pollDeferral(rp, first.deferralCode)).toMatchObject({ status: 200 })
        const second = await held(at, rp, grant)
        expect((await revoke(rp, second.deferralCode)).status).toBe(200)
        expect((await pollDeferral(rp, second.deferralCode)).body.error).toBe('access_denied')
      }
      expect((await rp.cancel('A'.repeat(65))).status).toBe(404)
      const code = await authorizationCode(rp, { completion_mode: 'deferred' })
      expect((await redeem(rp, code)).body.error).toBe('invalid_request')
      await expect(authorizationCode(rp, { response_type: 'deferred_code' })).rejects.toThrow(
        /unsupported_response_type/,
      )
    })
  })

  test.each(['a shared secret', 'a DPoP key'])(
    'on a host without codes machines are deferred all the same, with %s',
    async (proof) => {
      const configuration = { clients: machines, responseTypes: ['id_token' as const] }
      await withProvider(
        { configuration, deferred: { profiles: { openid: false }, defer: () => true } },
        async (at) => {
          const rp = relyingParty(at.issuer, 'secret', proof === 'a DPoP key' ? await dpopKey() : undefined)
          const { id, deferralCode } = await held(at, rp, 'client_credentials')
          await at.provider.deferrals.approve(id)
          expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200 })
          const discovered = await (await fetch(`${at.issuer}/.well-known/openid-configuration`)).text()
          expect(JSON.parse(discovered)).toMatchObject({ response_types_supported: ['id_token'] })
          expect(discovered).not.toContain('authorization_code')
          expect(await deferrals(at)).toMatchObject([{ status: 'redeemed' }])
        },
      )
    },
  )
})
