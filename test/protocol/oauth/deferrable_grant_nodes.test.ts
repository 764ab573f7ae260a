import { memoryStore } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { createClock } from '../../support/clock.js'
import { pollDeferral } from '../../support/deferral.js'
import { nonceRequired } from '../../support/dpop_nonce.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { withProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'
import { assertion, assertionGrant, customClients, registerCustomGrants } from './custom_grants.js'

const opted = { grant_type: assertionGrant, scope: 'email', completion_mode: 'deferred' }

test('a node that does not know the grant issues nothing, and loses nothing', async () => {
  const [store, clock, adapter] = [memoryStore(), createClock(), memoryAdapter()]
  const issuer = 'http://op.example'
  const clients = customClients.map((client) => ({ ...client, grant_types: client.grant_types?.slice(0, 4) ?? [] }))
  const there = {
    issuer,
    clock,
    configuration: { adapter, clients: customClients },
    deferred: { store, defer: () => true },
  }
  const elsewhere = { issuer, clock, configuration: { adapter, clients }, deferred: { store } }
  await withProvider(there, (knowing) =>
    withProvider(elsewhere, async (unknowing) => {
      registerCustomGrants(knowing.provider, clock)
      const [rp, other] = [relyingParty(knowing.origin), relyingParty(unknowing.origin)]
      const { body } = await rp.token({ ...opted, assertion: await assertion(clock) })
      const { deferrals } = await knowing.provider.deferrals.list()
      await knowing.provider.deferrals.approve(deferrals[0]?.id as string)
      const lost = await pollDeferral(other, body.deferral_code)
      expect(lost).toMatchObject({ status: 500, body: { error: 'server_error' } })
      expect(await pollDeferral(rp, body.deferral_code)).toMatchObject({ status: 200, body: { scope: 'email' } })
    }),
  )
})

test('E-14 a proof without the nonce that is demanded is use_dpop_nonce, and the request is not validated yet', async () => {
  const configuration = { clients: customClients, features: { dPoP: nonceRequired } }
  await withProvider({ configuration, deferred: { defer: () => true } }, async (op) => {
    const did = registerCustomGrants(op.provider, op.clock)
    const rp = relyingParty(op.issuer)
    const key = await dpopKey()
    const request = async (claims = {}) =>
      rp.token(
        { ...opted, assertion: await assertion(op.clock) },
        { headers: { dpop: await key.proof(`${op.issuer}/token`, claims) } },
      )
    const refused = await request()
    expect(refused).toMatchObject({ status: 400, body: { error: 'use_dpop_nonce' } })
    expect(did.validated).toEqual([])
    const nonce = refused.headers.get('dpop-nonce')
    expect(nonce).toEqual(expect.any(String))
    expect((await request({ nonce })).body.error).toBe('authorization_pending')
  })
})
