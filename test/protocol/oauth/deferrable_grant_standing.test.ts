import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { added } from '../../support/authorization.js'
import { observedAdapter } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import {
  assertion,
  type CustomGrants,
  customClients,
  exchangeApproved,
  exchangeWaiting,
  registerCustomGrants,
} from './custom_grants.js'

let op: TestProvider
let did: CustomGrants
let asked: number
let isGone = false
const host = observedAdapter()

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      adapter: host.adapter,
      clients: customClients,
      findAccount: (_ctx, sub) => (isGone ? undefined : { accountId: sub, claims: () => ({ sub }) }),
    },
    deferred: {
      defer() {
        asked += 1
        return true
      },
    },
  })
  did = registerCustomGrants(op.provider, op.clock)
})
beforeEach(() => {
  asked = 0
  isGone = false
  did.instead = {}
  did.issued.length = did.validated.length = 0
})
afterAll(() => op.close())

type More = Parameters<typeof exchangeWaiting>
const send = (params?: More[1], extras?: More[2], clientId?: More[3]) => exchangeWaiting(op, params, extras, clientId)
const approved = (params?: More[1]) => exchangeApproved(op, params)

describe('I-129 I-130 E-34 what no longer holds is access_denied', () => {
  test('the account is gone', async () => {
    const { poll } = await approved()
    isGone = true
    expect(await poll()).toMatchObject({ status: 400, body: { error: 'access_denied' } })
    expect(did.issued).toEqual([])
  })

  async function withGrant() {
    const grant = new op.provider.Grant({ accountId: 'alice', clientId: 'secret' })
    const grantId = await grant.save()
    return { grant, ...(await approved({ subject_token: await assertion(op.clock, { grantId }) })) }
  }

  test('the Grant stands: tokens', async () => {
    const { poll } = await withGrant()
    expect(await poll()).toMatchObject({ status: 200 })
  })

  test('the Grant is gone', async () => {
    const { grant, poll } = await withGrant()
    await grant.destroy()
    expect(await poll()).toMatchObject({ status: 400, body: { error: 'access_denied' } })
  })

  test.each([{ accountId: 'bob' }, { clientId: 'other' }])('the Grant is of %j: never deferred', async (members) => {
    const grantId = await new op.provider.Grant({ accountId: 'alice', clientId: 'secret', ...members }).save()
    const { result, ...outcome } = await added(op, async () =>
      send({ subject_token: await assertion(op.clock, { grantId }) }),
    )
    expect(result).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/^(access_denied|invalid_grant)$/) },
    })
    expect({ asked, issued: did.issued, ...outcome }).toEqual({ asked: 0, issued: [], new: [] })
  })
})
