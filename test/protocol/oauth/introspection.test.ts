import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grants, held, pollDeferral, revoke } from '../../support/deferral.js'
import { waiting } from '../../support/journey.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const { store, calls } = observedStore()

beforeAll(async () => {
  op = await startProvider({ deferred: { store, defer: () => true } })
})

afterAll(() => op.close())

const inactive = { status: 200, body: { active: false } }
const introspect = (clientId: string, token: string, params = {}) =>
  relyingParty(op.issuer, clientId).post('/token/introspection', { token, ...params })

describe.each(grants)('%s', (grant) => {
  test.each(['', 'urn:ietf:params:oauth:token-type:deferral-code', 'access_token', 'refresh_token'])(
    'C-I32 I-037 a deferral_code is no token to anybody, with token_type_hint %j',
    async (token_type_hint) => {
      const rp = relyingParty(op.issuer, 'secret', await dpopKey())
      const { deferralCode, id } = await held(op, rp, grant)
      const states = [
        async () => undefined,
        () => op.provider.deferrals.approve(id),
        () => pollDeferral(rp, deferralCode),
        () => revoke(rp, deferralCode),
      ]
      for (const advance of states) {
        await advance()
        calls.length = 0
        for (const clientId of ['secret', 'other', 'assertion']) {
          const hint = token_type_hint ? { token_type_hint } : {}
          const answer = await introspect(clientId, deferralCode, hint)
          expect([answer.status, answer.body]).toEqual([inactive.status, inactive.body])
        }
        // nor is it looked up
        expect(calls).toEqual([])
      }
    },
  )
})

test('C-I32 C-X05 neither is a deferred_auth_id', async () => {
  const { handle } = await waiting(op, relyingParty(op.issuer))
  expect(await introspect('secret', handle)).toMatchObject(inactive)
})

test('the tokens of a redemption are, as ever', async () => {
  const rp = relyingParty(op.issuer)
  const { deferralCode, id } = await held(op, rp, 'client_credentials', { params: { scope: 'payments' } })
  await op.provider.deferrals.approve(id)
  const { body } = await pollDeferral(rp, deferralCode)
  const { body: told } = await introspect('secret', body.access_token)
  expect(told).toMatchObject({ active: true, client_id: 'secret', scope: 'payments' })
})
