import { decodeJwt } from 'jose'
import type { Deferral, Deferring } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { added, authorize, clientOf, deferralOf, redeem, signedIn, startEveryWay } from '../../support/authorization.js'
import type { TestProvider } from '../../support/provider.js'
import { userAgent } from '../../support/user_agent.js'

type Seen = { where: string; deferral: Deferral | undefined }

let op: TestProvider
let context: unknown
let seen: Seen[]

const deferralIn = (ctx: unknown) => (ctx as { oidc: { entities: { Deferral?: Deferral } } }).oidc.entities.Deferral
const note = (where: string, ctx: unknown) => seen.push({ where, deferral: structuredClone(deferralIn(ctx)) })
const at = (where: string) => seen.filter((one) => one.where === where).map(({ deferral }) => deferral)

beforeAll(async () => {
  op = await startEveryWay({
    configuration: {
      claims: { openid: ['sub', 'verified_claims'] },
      findAccount(ctx, sub) {
        note('findAccount', ctx)
        return {
          accountId: sub,
          claims() {
            note('claims', ctx)
            const { context: collected, decision } = deferralIn(ctx) ?? {}
            return { sub, verified_claims: { evidence: collected?.picture, by: decision?.by } }
          },
        }
      },
      extraTokenClaims(ctx) {
        note('extraTokenClaims', ctx)
        return { decided_by: deferralIn(ctx)?.decision?.by ?? 'nobody' }
      },
    },
    deferred: { defer: () => (context === undefined ? true : ({ context } as Deferring)) },
  })
  op.provider.on('authorization.success', (ctx) => note('authorization.success', ctx))
  op.provider.on('grant.error', (ctx) => note('grant.error', ctx))
  op.provider.on('grant.success', (ctx) => note('grant.success', ctx))
})
beforeEach(() => {
  context = undefined
  seen = []
})
afterAll(() => op.close())

test('O-017 evidence given in an interaction reaches reviewers', async () => {
  const rp = await clientOf(op, 'secret')
  const picture = { picture: 's3://evidence/1', checks: [1, true, null, { a: 'b' }] }
  const { params } = await authorize(op, rp, {}, { interaction: { context: picture } })
  expect((await deferralOf(op, params.deferred_code)).context).toEqual(picture)
})

test('O-017 evidence given at the login is kept through a consent that gives none', async () => {
  const rp = await clientOf(op, 'secret')
  const agent = userAgent()
  op.user.interaction = { context: { picture: '1' } }
  const consent = (_ctx: unknown, { name }: { name: string }) => {
    if (name === 'consent') op.user.interaction = {}
  }
  op.provider.on('interaction.started', consent as never)
  const { params } = await agent.visit(rp.authorizationUrl())
  op.provider.off('interaction.started', consent as never)
  expect((await deferralOf(op, params.deferred_code)).context).toEqual({ picture: '1' })
})

test('O-016 evidence of defer is merged with it, and wins', async () => {
  context = { risk: 'high', picture: 'from defer' }
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp, {}, { interaction: { context: { picture: 'mine', pages: 2 } } })
  expect((await deferralOf(op, params.deferred_code)).context).toEqual({
    picture: 'from defer',
    pages: 2,
    risk: 'high',
  })
})

test('O-018 without any there is an empty context', async () => {
  const rp = await clientOf(op, 'secret')
  const { params } = await authorize(op, rp, { prompt: 'none' }, { agent: await signedIn(op, rp) })
  expect((await deferralOf(op, params.deferred_code)).context).toEqual({})
})

const limit = 16_384 - '{"a":""}'.length

describe.each(['defer', 'interactionFinished'])('evidence by %s', (source) => {
  const send = async (evidence: unknown) => {
    if (source === 'defer') context = evidence
    const interaction = source === 'defer' ? {} : { context: evidence as Record<string, unknown> }
    return added(op, async () => authorize(op, await clientOf(op, 'secret'), {}, { interaction }))
  }

  test.each([
    ['ASCII', 'x'.repeat(limit)],
    ['text of two bytes a character', 'é'.repeat(limit / 2)],
  ])('of 16 KiB in %s is kept', async (_, a) => {
    const outcome = await send({ a })
    expect(outcome.new).toMatchObject([{ context: { a } }])
  })

  test.each([
    ['larger than 16 KiB', { a: 'x'.repeat(limit + 1) }],
    ['larger than 16 KiB once encoded', { a: 'é'.repeat(limit / 2 + 1) }],
    ['an array', ['picture']],
    ['text', 'picture'],
    ['a number', 7],
    ['null', null],
  ])('O-037 that is %s fails cleanly, and leaves nothing behind', async (_, evidence) => {
    const outcome = await send(evidence)
    // an interaction without evidence is no evidence
    if (evidence === null && source === 'interactionFinished') {
      expect(outcome.new).toMatchObject([{ context: {} }])
      return
    }
    expect(outcome.result).toEqual({ status: 500, params: {}, html: expect.stringContaining('server_error') })
    expect(outcome.new).toEqual([])
  })
})

const circular: Record<string, unknown> = {}
circular.self = circular

test.each([
  ['a bigint', { a: 1n }],
  ['a cycle', circular],
  ['a function', { a: () => 1 }],
  ['a Map', { a: new Map([['b', 1]]) }],
  ['not a number', { a: Number.NaN }],
  ['a hole', { a: new Array(1) }],
  ['an instance of a class', { a: new (class {})() }],
  ['a toJSON', { a: { toJSON: () => 1 } }],
])('O-037 evidence of defer that holds %s, no JSON, fails cleanly, and leaves nothing behind', async (_, evidence) => {
  context = evidence
  const outcome = await added(op, async () => authorize(op, await clientOf(op, 'secret')))
  expect(outcome.result).toEqual({ status: 500, params: {}, html: expect.stringContaining('server_error') })
  expect(outcome.new).toEqual([])
})

describe('ctx.oidc.entities.Deferral', () => {
  test('is there when a deferral is created, exchanged, polled and redeemed', async () => {
    const rp = await clientOf(op, 'secret')
    const { params } = await authorize(op, rp, {}, { interaction: { context: { picture: '1' } } })
    const { id } = await deferralOf(op, params.deferred_code)
    expect(at('authorization.success')).toMatchObject([{ id, status: 'pending', context: { picture: '1' } }])

    seen = []
    const { body } = await rp.exchange(params.deferred_code!)
    expect(at('findAccount')).toMatchObject([{ id, status: 'pending' }])
    expect(at('grant.success')).toMatchObject([{ id, status: 'pending', exchangedAt: expect.any(Date) }])

    seen = []
    await rp.poll(body.deferred_auth_id)
    expect([...at('grant.error'), ...at('grant.success')]).toMatchObject([{ id, status: 'pending' }])

    seen = []
    await op.provider.deferrals.approve(id, { by: 'carol' })
    const tokens = await rp.poll(body.deferred_auth_id)
    const decided = { id, context: { picture: '1' }, decision: { by: 'carol' } }
    expect(at('findAccount')).toMatchObject([{ ...decided, status: 'approved' }])
    expect(at('claims')[0]).toMatchObject(decided)
    expect(at('extraTokenClaims')).toMatchObject([decided])
    expect(at('grant.success')).toMatchObject([{ ...decided, status: 'redeemed' }])
    expect(decodeJwt(tokens.body.id_token)).toMatchObject({ verified_claims: { evidence: '1', by: 'carol' } })
    const token = { token: tokens.body.access_token }
    expect((await rp.post('/token/introspection', token)).body).toMatchObject({ decided_by: 'carol' })
  })

  test('holds no handle', async () => {
    const rp = await clientOf(op, 'secret')
    const { params } = await authorize(op, rp)
    await redeem(op, rp, params.deferred_code!)
    expect(seen.filter(({ deferral }) => deferral).length).toBeGreaterThan(5)
    expect(JSON.stringify(seen)).not.toContain(params.deferred_code!.slice(22))
    expect(JSON.stringify(seen)).not.toMatch(/hash/i)
  })

  test('is not there in an ordinary code flow', async () => {
    await signedIn(op, await clientOf(op, 'secret'))
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.filter(({ deferral }) => deferral)).toEqual([])
  })
})
