import { beforeEach, describe, expect, test } from 'vitest'
import { added } from '../../support/authorization.js'
import { useCustomGrants } from './custom_grant_provider.js'
import { assertion, exchangeApproved, exchangeWaiting } from './custom_grants.js'

let isGone = false
const custom = useCustomGrants(() => true, {
  findAccount: (_ctx, sub) => (isGone ? undefined : { accountId: sub, claims: () => ({ sub }) }),
})
beforeEach(() => {
  isGone = false
})

type More = Parameters<typeof exchangeWaiting>
const send = (params?: More[1], extras?: More[2], clientId?: More[3]) =>
  exchangeWaiting(custom.op, params, extras, clientId)
const approved = (params?: More[1]) => exchangeApproved(custom.op, params)

describe('I-129 I-130 E-34 a Grant or an account that is gone is access_denied', () => {
  test('the account is gone', async () => {
    const { poll } = await approved()
    isGone = true
    expect(await poll()).toMatchObject({ status: 400, body: { error: 'access_denied' } })
    expect(custom.did.issued).toEqual([])
  })

  async function withGrant() {
    const grant = new custom.op.provider.Grant({ accountId: 'alice', clientId: 'secret' })
    const grantId = await grant.save()
    return { grant, ...(await approved({ subject_token: await assertion(custom.op.clock, { grantId }) })) }
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
    const grantId = await new custom.op.provider.Grant({ accountId: 'alice', clientId: 'secret', ...members }).save()
    const { result, ...outcome } = await added(custom.op, async () =>
      send({ subject_token: await assertion(custom.op.clock, { grantId }) }),
    )
    expect(result).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/^(access_denied|invalid_grant)$/) },
    })
    expect({ asked: custom.observed.asked.length, issued: custom.did.issued, ...outcome }).toEqual({
      asked: 0,
      issued: [],
      new: [],
    })
  })
})
