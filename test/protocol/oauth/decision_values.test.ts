import { type Deferring, Provider } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { added } from '../../support/authorization.js'
import { held, pollDeferral, request } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { opaqueApi } from '../../support/resource_servers.js'
import { startDeciding, waitingRequest } from './decisions/waiting_request.js'

const tenYears = 315_360_000

describe('details that JSON cannot carry', () => {
  let op: TestProvider
  const payment = (amount: unknown) => ({ type: 'payment', amount }) as never

  beforeAll(async () => {
    op = await startDeciding({
      narrow: { payment: (asked, granted) => Number(granted.amount) <= Number(asked.amount) },
    })
  })
  afterAll(() => op.close())

  test.each([
    ['a BigInt', 5n],
    ['a Date', new Date(5)],
    ['a Date further in', { at: [new Date(5)] }],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['NaN', Number.NaN],
    ['a function', () => 5],
    ['a Map', new Map()],
  ])('%s is a TypeError of approve, and nothing changes', async (_case, amount) => {
    const asked = { scope: 'openid read', resource: [opaqueApi], target: opaqueApi, details: [payment(10)] }
    const { id, poll } = await waitingRequest(op, 'authorization_code', asked)
    const approval = op.provider.deferrals.approve(id, { authorizationDetails: [payment(amount)] })
    await expect(approval).rejects.toThrow(TypeError)
    expect((await poll()).body.error).toBe('authorization_pending')
    await op.provider.deferrals.approve(id, { authorizationDetails: [payment(5)] })
    expect((await poll()).status).toBe(200)
  })
})

describe('a wait of more than ten years', () => {
  let op: TestProvider
  let deferring: Deferring
  const errors: Error[] = []

  beforeAll(async () => {
    op = await startProvider({ deferred: { defer: () => deferring } })
    op.provider.on('server_error', (_ctx, error) => errors.push((error.cause as Error) ?? error))
  })
  afterAll(() => op.close())

  const tooLong = [tenYears + 1, Number.MAX_SAFE_INTEGER]

  test.each(tooLong)('of %d seconds is no answer of defer: server_error, nothing deferred', async (seconds) => {
    for (const member of ['expiresIn', 'interval']) {
      deferring = { [member]: seconds }
      errors.length = 0
      const { result, ...outcome } = await added(op, () => request(relyingParty(op.issuer), 'client_credentials'))
      expect(result.answer).toMatchObject({ status: 500, body: { error: 'server_error' } })
      expect(outcome.new).toEqual([])
      expect(errors).toEqual([expect.any(TypeError)])
      expect(errors[0]?.message).toContain(member)
    }
  })

  test.each(tooLong)('of %d seconds is a TypeError of extend, and nothing changes', async (seconds) => {
    deferring = { expiresIn: 600 }
    const { id } = await held(op, relyingParty(op.issuer), 'client_credentials')
    const before = await op.provider.deferrals.get(id)
    await expect(op.provider.deferrals.extend(id, { expiresIn: seconds })).rejects.toThrow(TypeError)
    expect(await op.provider.deferrals.get(id)).toEqual(before)
  })

  test.each(tooLong)('of %d seconds is a TypeError of the options, which says where', (seconds) => {
    for (const [path, options] of [
      ['ttl.deferral', { ttl: { deferral: seconds } }],
      ['interval', { interval: seconds }],
    ] as const) {
      const construct = () => new Provider(op.issuer, { features: { deferredTokenResponse: options } })
      expect(construct).toThrow(TypeError)
      expect(construct).toThrow(`features.deferredTokenResponse.${path} must be whole seconds`)
    }
  })

  test('ten years are told as they are, and end', async () => {
    deferring = { expiresIn: tenYears }
    const rp = relyingParty(op.issuer)
    const { answer, deferralCode, id } = await held(op, rp, 'client_credentials')
    expect(answer.body.expires_in).toBe(tenYears)
    const deferral = await op.provider.deferrals.get(id)
    expect(deferral?.expiresAt.getTime()).toBe(op.clock.now().getTime() + tenYears * 1000)
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('authorization_pending')
  })
})
