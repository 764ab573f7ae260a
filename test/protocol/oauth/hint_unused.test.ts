import type { DeferredTokenResponseOptions } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { authorize, clientsWith } from '../../support/authorization.js'
import { authorizationCode, redeem } from '../../support/deferral.js'
import { withProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

const hint = { completion_mode: 'deferred' }

describe('I-026 a hint that nothing can come of leaves the Grant of the end-user as long as it was', () => {
  const cases: Record<string, { deferred: DeferredTokenResponseOptions; isRegistered: boolean }> = {
    'of a client that is not registered for the grant of polls': { deferred: {}, isRegistered: false },
    'where codes are never deferred': { deferred: { grants: ['client_credentials'] }, isRegistered: true },
  }

  test.each(Object.keys(cases))('%s', async (name) => {
    const { deferred, isRegistered } = cases[name] as (typeof cases)[string]
    const clients = clientsWith(
      'secret',
      isRegistered ? {} : { grant_types: ['authorization_code'], response_types: ['code'] },
    )
    await withProvider({ configuration: { clients, ttl: { Grant: 600 } }, deferred }, async (op) => {
      const ids: string[] = []
      op.provider.on('authorization.success', (ctx) => ids.push(ctx.oidc.entities.Grant?.jti as string))
      await authorizationCode(relyingParty(op.issuer), hint)
      const grant = await op.provider.Grant.find(ids.at(-1) as string)
      expect((grant?.exp as number) - Math.floor(Date.now() / 1000)).toBeLessThanOrEqual(600)
    })
  })
})

test('C-X03 I-030 the hint of a request for deferred_code code that was answered with a code is remembered', async () => {
  await withProvider({ deferred: { defer: (_ctx, { profile }) => profile === 'oauth' } }, async (op) => {
    const rp = relyingParty(op.issuer)
    const { params } = await authorize(op, rp, { response_type: 'deferred_code code', ...hint })
    expect(Object.keys(params).sort()).toEqual(['code', 'iss', 'state'])
    expect((await redeem(rp, params.code as string)).body.error).toBe('invalid_request')
    expect((await redeem(rp, params.code as string, hint)).body.error).toBe('authorization_pending')
  })
})
