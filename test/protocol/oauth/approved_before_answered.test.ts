import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizationCode, pollDeferral, redeem } from '../../support/deferral.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { assertion, assertionGrant, type CustomGrants, customClients, registerCustomGrants } from './custom_grants.js'

let op: TestProvider
let did: CustomGrants
let id: string
const { store, failNext, interrupt } = observedStore()

beforeAll(async () => {
  op = await startProvider({
    configuration: { clients: customClients },
    deferred: {
      store,
      defer(_ctx, request) {
        id = request.id
        return true
      },
    },
  })
  did = registerCustomGrants(op.provider, op.clock)
})
afterAll(() => op.close())

const opted = { completion_mode: 'deferred' }
const requests: Record<string, (rp: RelyingParty) => Promise<Answer>> = {
  authorization_code: async (rp) => redeem(rp, await authorizationCode(rp), opted),
  client_credentials: (rp) => rp.token({ grant_type: 'client_credentials', ...opted }),
  'a custom grant': async (rp) =>
    rp.token({ grant_type: assertionGrant, assertion: await assertion(op.clock), scope: 'email', ...opted }),
}

test.each(Object.keys(requests))(
  'I-035 %s: the reply of insert was lost, and somebody approved since: the client is told to wait, and polls once',
  async (name) => {
    const rp = relyingParty(op.issuer)
    failNext('insert', 'after')
    interrupt('find in doubt', () => op.provider.deferrals.approve(id))
    const answer = await requests[name]!(rp)
    expect(answer).toMatchObject({ status: 400, body: { error: 'authorization_pending', interval: 5 } })
    expect(answer.body).not.toHaveProperty('access_token')
    expect(did.issued).toEqual([])
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    expect(await pollDeferral(rp, answer.body.deferral_code)).toMatchObject({ status: 200 })
    did.issued.length = 0
  },
)
