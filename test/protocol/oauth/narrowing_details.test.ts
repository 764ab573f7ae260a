import type { KoaContextWithOIDC } from 'oidc-provider'
import type { JsonObject } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestProvider } from '../../support/provider.js'
import { opaqueApi } from '../../support/resource_servers.js'
import { introspected, kinds, startDeciding, twoTypes, waitingRequest } from './decisions/waiting_request.js'

type Rule = (requested: JsonObject, granted: JsonObject) => boolean

let op: TestProvider
let rule: Rule
/** what the integrator's callback makes of the details when an access token is minted */
let recomputed: ((details: unknown) => unknown) | undefined

const feature = twoTypes() as Record<string, unknown>
const mintTime = 'rarForCodeResponse' in feature ? 'rarForCodeResponse' : 'authorizationDetailsForAccessToken'
const plainly = feature[mintTime] as (...args: unknown[]) => unknown
const atMost: Rule = (requested, granted) => Number(granted.amount) <= Number(requested.amount)

beforeAll(async () => {
  const richAuthorizationRequests = {
    ...feature,
    [mintTime]: (...args: unknown[]) => (recomputed ?? ((details) => details))(askedAgain(args[0]) ?? plainly(...args)),
  }
  op = await startDeciding(
    { narrow: { payment: (requested, granted) => rule(requested, granted) } },
    { features: { richAuthorizationRequests } as never },
  )
})
afterAll(() => op.close())
beforeEach(() => {
  rule = atMost
  recomputed = undefined
})

const payment = (amount: number) => ({ type: 'payment', amount })
const account = { type: 'account', actions: ['read', 'list'] }
const waiting = (kind: (typeof withDetails)[number], details: object[] = [payment(1), payment(1000), account]) =>
  waitingRequest(op, kind, { scope: 'openid read', resource: [opaqueApi], target: opaqueApi, details })

/** Where every version of the host has them. */
const withDetails = ['openid', 'authorization_code', kinds[3]] as const

describe.each(withDetails)('%s', (kind) => {
  const granted: [string, JsonObject[]][] = [
    ['whole entries', [payment(1), account]],
    ['an entry with less in it', [payment(999)]],
    ['two entries, each less than one of its own', [payment(900), payment(1)]],
    ['no entry of one type', [account]],
  ]

  test.each(kind === 'authorization_code' ? granted : granted.slice(0, 1))(
    'E-33 %s: the answer and the token say what is left',
    async (_case, authorizationDetails) => {
      const { id, poll } = await waiting(kind)
      await op.provider.deferrals.approve(id, { authorizationDetails })
      const { body } = await poll()
      expect(body.authorization_details).toEqual(authorizationDetails)
      expect((await introspected(op, body.access_token)).authorization_details).toEqual(authorizationDetails)
    },
  )

  const wider: [string, JsonObject[]][] = [
    ['an entry with more in it', [payment(1001)]],
    ['two entries that share one', [payment(2), payment(3)]],
    ['the same entry twice', [account, account]],
    ['as many, but one of them wider', [payment(1), payment(1001), account]],
    ['an entry of a type without a rule, with less in it', [{ type: 'account', actions: ['read'] }]],
    ['an entry of a type nobody asked for', [{ type: 'admin' }]],
    ['an entry without a type', [{ amount: 1 }]],
    ['an entry of another type that the rule would let pass', [{ type: 'account', amount: 1 }]],
  ]

  test.each(kind === 'authorization_code' ? wider : wider.slice(0, 1))(
    'E-32 %s is a RangeError, and nothing changes',
    async (_case, authorizationDetails) => {
      const { id, poll } = await waiting(kind)
      const before = await op.provider.deferrals.get(id)
      await expect(op.provider.deferrals.approve(id, { authorizationDetails })).rejects.toThrow(RangeError)
      expect(await op.provider.deferrals.get(id)).toEqual(before)
      expect((await poll()).body.error).toBe('authorization_pending')
    },
  )
})

describe('authorization_code', () => {
  const kind = 'authorization_code'
  const faults: [string, Rule, RegExp][] = [
    ['throws', throws, /no idea/],
    ['answers with no boolean', () => 1 as never, /narrow\.payment/],
    ['answers with nothing', () => undefined as never, /narrow\.payment/],
    ['answers with a promise', (async () => true) as never, /narrow\.payment/],
  ]

  test.each(faults)('a rule that %s decides nothing', async (_case, fault, message) => {
    const { id } = await waiting(kind)
    const before = await op.provider.deferrals.get(id)
    rule = fault
    await expect(op.provider.deferrals.approve(id, { authorizationDetails: [payment(2)] })).rejects.toThrow(message)
    expect(await op.provider.deferrals.get(id)).toEqual(before)
    rule = atMost
    expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: true })
  })

  test('a rule that changes what it is shown changes nothing', async () => {
    const { id, poll } = await waiting(kind)
    rule = (requested, one) => {
      const answer = atMost(requested, one)
      requested.amount = 1_000_000
      one.amount = 1_000_000
      return answer
    }
    await op.provider.deferrals.approve(id, { authorizationDetails: [payment(500)] })
    expect((await op.provider.deferrals.get(id))?.authorizationDetails).toEqual([payment(1), payment(1000), account])
    rule = atMost
    expect((await poll()).body.authorization_details).toEqual([payment(500)])
  })
})

describe('authorization_code, where the token request asks for less than the authorization request', () => {
  const asked = { scope: 'openid read', resource: [opaqueApi], target: opaqueApi }
  const all = [payment(1), payment(1000), account]
  const less = { ...asked, details: all, targetDetails: [payment(1000)] }

  test.each<[string, JsonObject[] | undefined, JsonObject[] | undefined]>([
    ['all of it', undefined, [payment(1000)]],
    ['all of it, and what may be had later', all, [payment(1000)]],
    ['less of it', [payment(10)], [payment(10)]],
    ['nothing of it', [], undefined],
    ['nothing of it, but what may be had later', [account], undefined],
  ])('C-I14 %s is granted, and nothing else', async (_case, authorizationDetails, expected) => {
    const { id, poll } = await waitingRequest(op, 'authorization_code', less)
    // what refreshes may yield is shown, too
    expect(await op.provider.deferrals.get(id)).toMatchObject({ authorizationDetails: all })
    await op.provider.deferrals.approve(id, authorizationDetails ? { authorizationDetails } : {})
    const { status, body } = await poll()
    expect({ status, error: body.error }).toEqual({ status: 200 })
    expect(body.authorization_details ?? []).toEqual(expected ?? [])
    expect((await introspected(op, body.access_token)).authorization_details ?? []).toEqual(expected ?? [])
  })

  test.each([[[payment(1001)]], [[payment(1000), payment(2), payment(3)]], [[account, account]]])(
    'E-32 what neither request asked for (case %#) is a RangeError',
    async (authorizationDetails) => {
      const { id } = await waitingRequest(op, 'authorization_code', less)
      await expect(op.provider.deferrals.approve(id, { authorizationDetails })).rejects.toThrow(RangeError)
      expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
    },
  )
})

describe.each(withDetails.slice(0, 2))('%s at the moment tokens are made', (kind) => {
  test("E-32 the integrator's callback cannot undo what a reviewer narrowed: 500, and redeemable afterwards", async () => {
    const { id, poll } = await waiting(kind)
    await op.provider.deferrals.approve(id, { authorizationDetails: [payment(500)] })
    for (const wider of [[payment(501)], [payment(1), payment(1)], [payment(1), account]]) {
      recomputed = () => wider
      const { status, body } = await poll()
      expect({ status, body }).toMatchObject({ status: 500, body: { error: 'server_error' } })
      expect(body).not.toHaveProperty('access_token')
      expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    }
    recomputed = () => [payment(499)]
    expect(await poll()).toMatchObject({ status: 200, body: { authorization_details: [payment(499)] } })
  })

  test("what is compared is what the token holds, whatever the callback's objects say later", async () => {
    const { id, poll } = await waiting(kind)
    await op.provider.deferrals.approve(id, { authorizationDetails: [payment(500)] })
    let reads = 0
    const growing = () => ({
      type: 'payment',
      get amount() {
        return reads++ === 0 ? 500 : 1_000_000
      },
    })
    recomputed = () => [growing()]
    const { body } = await poll()
    expect(body.authorization_details).toEqual([payment(500)])
    expect((await introspected(op, body.access_token)).authorization_details).toEqual([payment(500)])
  })

  test('a rule that fails then is a server_error, and the approval is not lost', async () => {
    const { id, poll } = await waiting(kind)
    await op.provider.deferrals.approve(id, { authorizationDetails: [payment(500)] })
    recomputed = () => [payment(499)]
    for (const fault of [throws, () => 'yes' as never]) {
      rule = fault
      expect(await poll()).toMatchObject({ status: 500, body: { error: 'server_error' } })
      expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    }
    rule = atMost
    expect((await poll()).status).toBe(200)
  })
})

function throws(): never {
  throw new Error('no idea')
}

// a token request may ask for less (RFC 9396, section 6)
function askedAgain(ctx: unknown): unknown {
  const { authorization_details: details } = (ctx as KoaContextWithOIDC).oidc.params as Record<string, string>
  return details === undefined ? undefined : JSON.parse(details)
}
