import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizationCode, redeem } from '../../support/deferral.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let id: string
const { store, interrupt } = observedStore()

beforeAll(async () => {
  op = await startProvider({
    deferred: {
      store,
      defer(_ctx, request) {
        id = request.id
        return true
      },
    },
  })
})
afterAll(() => op.close())

const opted = { completion_mode: 'deferred' }

function expectNothingToPollWith({ headers, body }: Answer) {
  expect(Object.keys(body).sort()).toEqual(['error', 'error_description'])
  expect(headers.get('retry-after')).toBeNull()
}

test('C-I17 a code used again before its deferral was stored: the refusal has no member of a Deferred Response', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  interrupt('insert', () => redeem(rp, code, opted))
  const answer = await redeem(rp, code, opted)
  expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expectNothingToPollWith(answer)
  const deferral = await op.provider.deferrals.get(id)
  expect(deferral).toMatchObject({ status: 'cancelled', cancellationReason: 'code.reused' })
  expect(deferral?.history).toMatchObject([{ event: 'cancelled_ahead' }, { event: 'cancelled', reason: 'code.reused' }])
})
