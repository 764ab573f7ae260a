import type { JsonObject } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { added, authorize } from '../../support/authorization.js'
import type { TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { opaqueApi } from '../../support/resource_servers.js'
import { startDeciding, waitingRequest } from './decisions/waiting_request.js'
import { customGrant } from './equivalence/custom_grant.js'

let op: TestProvider

beforeAll(async () => {
  op = await startDeciding({ narrow: { payment: (asked, granted) => Number(granted.amount) <= Number(asked.amount) } })
})
afterAll(() => op.close())

const api = { scope: 'openid read', resource: [opaqueApi], target: opaqueApi }
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
/** Authorization details so many levels deep. */
const deep = (levels: number) => [{ type: 'account', a: nested(levels - 2) }] as JsonObject[]
const many = (count: number, type: string) => Array.from({ length: count }, (_, amount) => ({ type, amount }))

const kinds = ['openid', 'authorization_code', customGrant] as const

describe.each(kinds)('%s', (kind) => {
  const ask = (details: object[]) => added(op, () => waitingRequest(op, kind, { ...api, details }).catch(String))

  test('details may be nested 64 levels deep, and no deeper: invalid_request, nothing is kept', async () => {
    expect((await ask(deep(64))).new).toMatchObject([{ authorizationDetails: deep(64) }])
    for (const levels of [65, 1000]) {
      const { result, ...outcome } = await ask(deep(levels))
      expect(result).toMatch(/invalid_request.*authorization_details must not be nested more than 64 levels deep/)
      expect(outcome.new).toEqual([])
    }
  })

  test('of a type with a rule there may be 256 entries, and no more: invalid_authorization_details', async () => {
    expect((await ask(many(256, 'payment'))).new).toHaveLength(1)
    const { result, ...outcome } = await ask(many(257, 'payment'))
    expect(result).toMatch(/invalid_authorization_details.*256 entries of type payment/)
    expect(outcome.new).toEqual([])
  })

  test('of a type without a rule there may be any number, and a reviewer may leave some out', async () => {
    const details = many(260, 'account')
    const { id, poll } = await waitingRequest(op, kind, { ...api, details })
    await op.provider.deferrals.approve(id, { authorizationDetails: details.slice(1).reverse() })
    expect((await poll()).body.authorization_details).toHaveLength(259)
  })
})

test('a token request for less is bounded as well', async () => {
  const asked = { ...api, details: [{ type: 'account' }] }
  const less = (targetDetails: object[]) => waitingRequest(op, 'authorization_code', { ...asked, targetDetails })
  await expect(less(deep(65))).rejects.toThrow(/invalid_request.*64 levels/)
  await expect(less(many(257, 'payment'))).rejects.toThrow(/invalid_authorization_details.*256/)
})

test('claims may be nested 64 levels deep, and no deeper', async () => {
  const ask = async (levels: number) => {
    const claims = JSON.stringify({ id_token: { email: { value: nested(levels - 3) } } })
    return (await authorize(op, relyingParty(op.issuer), { claims })).params
  }
  expect(await ask(64)).toMatchObject({ deferred_code: expect.any(String) })
  expect(await ask(65)).toMatchObject({ error: 'invalid_request', error_description: expect.stringMatching(/^claims/) })
})
