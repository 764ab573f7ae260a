import { errors } from 'oidc-provider'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { grants, type HeldDeferral, held, pollDeferral, revoke } from '../../support/deferral.js'
import { observedAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let reconsidered: () => Promise<boolean>
let directory: () => Promise<void>
const host = observedAdapter()
const { store, failNext } = observedStore()

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      adapter: host.adapter,
      async findAccount(_ctx, sub) {
        await directory()
        return { accountId: sub, claims: () => ({ sub }) }
      },
    },
    deferred: { store, defer: () => true, reconsider: () => reconsidered() },
  })
})

afterAll(() => op.close())

beforeEach(() => {
  reconsidered = async () => true
  directory = async () => undefined
})

const rp = () => relyingParty(op.issuer)

async function approved(grant: (typeof grants)[number]): Promise<HeldDeferral> {
  const one = await held(op, rp(), grant)
  await op.provider.deferrals.approve(one.id)
  return one
}

describe.each(grants)('at the redemption of %s', (grant) => {
  test.each([[['find']], [['swap redeemed', 'swap redeemed']], [['swap redeemed', 'find in doubt']]])(
    'C-I16 a fault of the store at %j is no refusal: it can be redeemed when that is over',
    async (calls) => {
      const one = await approved(grant)
      // one of the host's own kind would be rendered as it is
      for (const call of calls) failNext(call, 'before', new errors.AccessDenied('down'))
      expect(await pollDeferral(rp(), one.deferralCode)).toMatchObject({ status: 500, body: { error: 'server_error' } })
      expect((await pollDeferral(rp(), one.deferralCode)).status).toBe(200)
    },
  )

  test.each(['before', 'after'] as const)(
    'I2 a lost reply, %s the write: the tokens are disclosed, once',
    async (when) => {
      const one = await approved(grant)
      failNext('swap redeemed', when)
      expect((await pollDeferral(rp(), one.deferralCode)).status).toBe(200)
      expect((await pollDeferral(rp(), one.deferralCode)).body.error).toBe('invalid_grant')
    },
  )

  test.each<[string, (one: HeldDeferral) => Promise<unknown>]>([
    ['revocation by its client', ({ deferralCode }) => revoke(rp(), deferralCode)],
    ['cancellation', ({ id }) => op.provider.deferrals.cancel(id)],
  ])('I-111 I-114 a %s while tokens are being made wins: they are destroyed, not told', async (_event, settle) => {
    const one = await approved(grant)
    const model = grant === 'client_credentials' ? 'ClientCredentials' : 'AccessToken'
    host.calls.length = 0
    host.interrupt(`${model}.upsert`, () => settle(one))
    const { status, body } = await pollDeferral(rp(), one.deferralCode)
    expect({ status, error: body.error }).toEqual({ status: 400, error: 'access_denied' })
    expect(host.calls).toEqual(expect.arrayContaining([`${model}.upsert`, `${model}.destroy`]))
    expect(await op.provider.deferrals.get(one.id)).toMatchObject({ status: 'cancelled' })
  })

  test.each([[['find']], [['swap cancelled', 'swap cancelled']]])(
    'a fault of the store at %j of a revocation is not answered 200',
    async (calls) => {
      const one = await approved(grant)
      for (const call of calls) failNext(call, 'before', new errors.AccessDenied('down'))
      expect(await revoke(rp(), one.deferralCode)).toMatchObject({ status: 500, body: { error: 'server_error' } })
      expect((await revoke(rp(), one.deferralCode)).status).toBe(200)
      expect(await op.provider.deferrals.get(one.id)).toMatchObject({ status: 'cancelled' })
    },
  )

  test('C-I16 a fault of the adapter is no refusal', async () => {
    const one = await approved(grant)
    host.failNext(grant === 'client_credentials' ? 'ClientCredentials.upsert' : 'AccessToken.upsert')
    expect(await pollDeferral(rp(), one.deferralCode)).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect((await pollDeferral(rp(), one.deferralCode)).status).toBe(200)
  })

  test('C-I16 a fault of reconsider is no refusal', async () => {
    const one = await approved(grant)
    reconsidered = () => Promise.reject(new Error('down'))
    const answer = await pollDeferral(rp(), one.deferralCode)
    expect(answer).toMatchObject({ status: 500, body: { error: 'server_error' } })
    reconsidered = async () => true
    expect((await pollDeferral(rp(), one.deferralCode)).status).toBe(200)
  })
})

test('C-I16 a directory, or a storage of Grants, that is down is no refusal', async () => {
  const one = await approved('authorization_code')
  directory = () => Promise.reject(new Error('down'))
  expect(await pollDeferral(rp(), one.deferralCode)).toMatchObject({ status: 500, body: { error: 'server_error' } })
  directory = async () => undefined
  host.failNext('Grant.find')
  expect(await pollDeferral(rp(), one.deferralCode)).toMatchObject({ status: 500, body: { error: 'server_error' } })
  expect((await pollDeferral(rp(), one.deferralCode)).status).toBe(200)
})
