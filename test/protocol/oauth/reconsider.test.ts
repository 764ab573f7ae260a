import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Deferral } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { observedAdapter } from '../../support/observed.js'
import type { TestProvider } from '../../support/provider.js'
import { type Kind, kinds, startDeciding, waitingRequest } from './decisions/waiting_request.js'

type Reconsider = (ctx: KoaContextWithOIDC, deferral: Deferral) => Promise<boolean> | boolean

let op: TestProvider
let reconsider: Reconsider
let calls: { ctx: KoaContextWithOIDC; deferral: Deferral }[]
const cancelled: Deferral[] = []
const stored = observedAdapter(memoryAdapter())
const tokenWrites = () =>
  stored.calls.filter((call) => /^(AccessToken|ClientCredentials|RefreshToken)\.upsert/.test(call))

beforeAll(async () => {
  op = await startDeciding(
    {
      reconsider(ctx, deferral) {
        calls.push({ ctx, deferral })
        return reconsider(ctx, deferral)
      },
    },
    { adapter: stored.adapter },
  )
  op.provider.on('deferral.cancelled', (deferral) => cancelled.push(deferral))
})
afterAll(() => op.close())
beforeEach(() => {
  calls = []
  stored.calls.length = 0
  reconsider = () => true
})

async function approved(kind: Kind) {
  const held = await waitingRequest(op, kind)
  await op.provider.deferrals.approve(held.id, { by: 'carol' })
  return held
}

describe.each(kinds)('%s', (kind) => {
  test('E-41 asked at redemption and not before, with what was asked for and decided', async () => {
    const { id, poll } = await waitingRequest(op, kind)
    await poll()
    await op.provider.deferrals.approve(id, { by: 'carol', note: 'seen' })
    expect(calls).toEqual([])
    expect((await poll()).status).toBe(200)
    expect(calls).toHaveLength(1)
    expect(calls[0]?.deferral).toMatchObject({
      id,
      profile: kind === 'openid' ? 'openid' : 'oauth',
      status: 'approved',
      decision: { by: 'carol', note: 'seen' },
    })
    expect(calls[0]?.ctx.oidc.client?.clientId).toBe('secret')
    expect(tokenWrites()).not.toEqual([])
    expect((await poll()).body.error).toBe('invalid_grant')
    expect(calls).toHaveLength(1)
  })

  test('I-129 I-130 E-41 false is access_denied for good, and no token was made', async () => {
    const { id, poll } = await approved(kind)
    reconsider = async () => false
    stored.calls.length = 0
    const { status, body } = await poll()
    expect({ status, error: body.error }).toEqual({ status: 400, error: 'access_denied' })
    expect(tokenWrites()).toEqual([])
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled', cancelledBy: 'reconsider' })
    expect(cancelled.filter((one) => one.id === id)).toHaveLength(1)
    reconsider = () => true
    for (let again = 0; again < 2; again++) expect((await poll()).body.error).toBe('access_denied')
    expect(calls).toHaveLength(1)
    expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: false })
  })
})

describe('authorization_code', () => {
  const kind = 'authorization_code'

  test('a promise of true is as good', async () => {
    const { poll } = await approved(kind)
    reconsider = async () => true
    expect((await poll()).status).toBe(200)
  })

  test('E-32 what it does to the deferral it is shown changes nothing', async () => {
    const { id, poll } = await waitingRequest(op, kind, { scope: 'openid email' })
    await op.provider.deferrals.approve(id, { scope: ['openid'] })
    reconsider = (_ctx, { decision }) => Boolean(decision?.scope?.push('email'))
    expect(await poll()).toMatchObject({ status: 200, body: { scope: 'openid' } })
  })

  const faults: [string, Reconsider][] = [
    ['undefined', () => undefined as never],
    ['1', () => 1 as never],
    ["'true'", () => 'true' as never],
    ['an object', async () => ({}) as never],
    ['a thrown Error', fails(new Error('policy engine is down'))],
    ['a rejection', async () => Promise.reject(new Error('policy engine is down'))],
    [
      'an Error that wants to be shown',
      fails(Object.assign(new Error('gone'), { status: 404, statusCode: 404, expose: true })),
    ],
    ['null', fails(null)],
  ]

  test.each(faults)('%s is a server_error, and the approval is not lost', async (_case, fault) => {
    const { id, poll } = await approved(kind)
    reconsider = fault
    const { status, body } = await poll()
    expect({ status, error: body.error }).toEqual({ status: 500, error: 'server_error' })
    expect(JSON.stringify(body)).not.toMatch(/policy engine|gone/)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    expect(tokenWrites()).toEqual([])
    reconsider = () => true
    expect((await poll()).status).toBe(200)
  })

  test('a refusal of the host thrown there is answered as it is, and the approval is not lost', async () => {
    const { poll } = await approved(kind)
    reconsider = fails(new errors.TemporarilyUnavailable('later'))
    expect((await poll()).body.error).toBe('temporarily_unavailable')
    reconsider = () => true
    expect((await poll()).status).toBe(200)
  })

  test('what was cancelled while it was asked is not issued', async () => {
    const { id, poll } = await approved(kind)
    reconsider = async () => {
      await op.provider.deferrals.cancel(id)
      return true
    }
    expect((await poll()).body.error).toBe('access_denied')
  })
})

function fails(error: unknown): Reconsider {
  return () => {
    throw error
  }
}
