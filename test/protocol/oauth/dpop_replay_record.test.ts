import type { Adapter } from 'oidc-provider'
import { expect, test } from 'vitest'
import { oauthGrantType } from '../../support/clients.js'
import { held } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { withProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'

type InsertUnique = (id: string, payload: object, seconds: number) => Promise<boolean>

// with a nonce the host accepts any iat
test.each([4e9, 9e12])('a DPoP proof with a nonce and iat %d is remembered for ten minutes at most', async (iat) => {
  const lifetimes: number[] = []
  const adapter = (name: string) => {
    const inner = memoryAdapter()(name) as Adapter & { insertUnique: InsertUnique }
    const insertUnique: InsertUnique = (id, payload, seconds) => {
      lifetimes.push(seconds)
      return inner.insertUnique(id, payload, seconds)
    }
    return Object.assign(Object.create(inner), { insertUnique })
  }
  const dPoP = { enabled: true, nonceSecret: Buffer.alloc(32, 1), requireNonce: () => true }
  await withProvider(
    { configuration: { adapter, features: { dPoP } }, deferred: { defer: () => true } },
    async (op) => {
      const rp = relyingParty(op.issuer)
      const { deferralCode } = await held(op, rp, 'client_credentials')
      const key = await dpopKey()
      const poll = (claims: object) => {
        const dpop = { ...key, proof: (url: string) => key.proof(url, claims as Record<string, unknown>) }
        return rp.token({ grant_type: oauthGrantType, deferral_code: deferralCode }, { dpop })
      }
      const refused = await poll({})
      expect(refused.body.error).toBe('use_dpop_nonce')
      const proof = { nonce: refused.headers.get('dpop-nonce'), jti: 'once', iat }
      expect((await poll(proof)).body.error).toBe('authorization_pending')
      expect((await poll(proof)).body.error).toBe('invalid_dpop_proof')
      expect(lifetimes).toEqual([600, 600])
    },
  )
})
