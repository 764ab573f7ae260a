import { createRequire } from 'node:module'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { DeferRequest } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { added, clientsWith } from '../../support/authorization.js'
import { authorizationCode, held, pollDeferral, redeem, whoeverCan } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { resourceIndicators, richAuthorizationRequests } from '../../support/rich_authorization_requests.js'

const { version } = createRequire(import.meta.url)('oidc-provider/package.json') as { version: string }
// hosts before that take no details without an end-user
const hasMachineDetails = Number(version.split('.')[1]) >= 13

// without an end-user there is no code to take them from
const withoutSource = hasMachineDetails && {
  authorizationDetailsForAccessToken: (ctx: KoaContextWithOIDC, _token: unknown, source?: { rar?: object[] }) =>
    source ? source.rar : JSON.parse((ctx.oidc.params as { authorization_details: string }).authorization_details),
}

let op: TestProvider
let onAsked: (request: DeferRequest) => unknown = () => undefined

beforeAll(async () => {
  const details = richAuthorizationRequests((_ctx, { amount }) => {
    if (typeof amount !== 'number') throw new errors.InvalidAuthorizationDetails('amount must be a number')
  })
  op = await startProvider({
    configuration: {
      clients: clientsWith('secret', { authorization_details_types: ['payment'] } as never),
      features: { resourceIndicators, richAuthorizationRequests: { ...details, ...withoutSource } as never },
    },
    deferred: {
      defer(ctx, request) {
        onAsked(request)
        return whoeverCan(ctx, request)
      },
    },
  })
})
afterAll(() => op.close())

const payment = [{ type: 'payment', amount: 7 }]
const pay = { resource: 'https://pay.example/' }

const wrongDetails: Record<string, string> = {
  'no JSON': '{',
  'no array': '{"type":"payment"}',
  'an unknown type': '[{"type":"other"}]',
  'what its own rules refuse': '[{"type":"payment","amount":"7"}]',
}

if (!hasMachineDetails)
  console.log(`oidc-provider ${version}: no authorization_details with client_credentials, skipped`)

;(hasMachineDetails ? describe : describe.skip)('client_credentials', () => {
  const send = (details: string, more = {}) =>
    relyingParty(op.issuer).token({ grant_type: 'client_credentials', ...pay, authorization_details: details, ...more })

  test.each(Object.keys(wrongDetails))('I-032 authorization_details that are %s are refused', async (name) => {
    const details = wrongDetails[name] as string
    const expected = await send(details)
    expect(expected.status).toBe(400)
    const { result, ...outcome } = await added(op, () => send(details, { completion_mode: 'deferred' }))
    expect(result.body).toEqual(expected.body)
    expect(outcome.new).toEqual([])
  })

  test('I-032 are refused where there is no resource for them', async () => {
    const params = { completion_mode: 'deferred', authorization_details: JSON.stringify(payment) }
    const rp = relyingParty(op.issuer)
    const { result, ...outcome } = await added(op, () => rp.token({ grant_type: 'client_credentials', ...params }))
    expect(result.body.error).toBe('invalid_target')
    expect(outcome.new).toEqual([])
  })

  test('I-007 reviewers see the details, and the answer in the end has them', async () => {
    const rp = relyingParty(op.issuer)
    const params = { ...pay, authorization_details: JSON.stringify(payment) }
    const { id, deferralCode } = await held(op, rp, 'client_credentials', { params })
    expect(await op.provider.deferrals.get(id)).toMatchObject({
      authorizationDetails: payment,
      resource: ['https://pay.example/'],
    })
    await op.provider.deferrals.approve(id)
    const { status, body } = await pollDeferral(rp, deferralCode)
    expect({ status, details: body.authorization_details }).toEqual({ status: 200, details: payment })
  })
})

test('I-007 I-024 the details of a code are those of its deferral, and of the answer in the end', async () => {
  const rp = relyingParty(op.issuer)
  const request = { ...pay, authorization_details: JSON.stringify(payment) }
  const { id, deferralCode } = await held(op, rp, 'authorization_code', { request })
  expect(await op.provider.deferrals.get(id)).toMatchObject({ authorizationDetails: payment })
  const atOnce = await redeem(rp, await authorizationCode(rp, request))
  await op.provider.deferrals.approve(id)
  const { status, body } = await pollDeferral(rp, deferralCode)
  expect({ status, details: body.authorization_details }).toEqual({
    status: 200,
    details: atOnce.body.authorization_details,
  })
})

test('I-007 what defer does to the details it is shown changes nothing', async () => {
  const rp = relyingParty(op.issuer)
  const request = { ...pay, authorization_details: JSON.stringify(payment) }
  onAsked = ({ authorizationDetails }) => Object.assign(authorizationDetails?.[0] ?? {}, { amount: 1000 })
  const { id, deferralCode } = await held(op, rp, 'authorization_code', { request })
  onAsked = () => undefined
  expect(await op.provider.deferrals.get(id)).toMatchObject({ authorizationDetails: payment })
  const atOnce = await redeem(rp, await authorizationCode(rp, request))
  await op.provider.deferrals.approve(id)
  const { body } = await pollDeferral(rp, deferralCode)
  expect(body.authorization_details).toEqual(atOnce.body.authorization_details)
})

test('I-032 details of a code are not asked for twice: what the host thinks of them there stays', async () => {
  const rp = relyingParty(op.issuer)
  const request = { ...pay, authorization_details: JSON.stringify(payment) }
  const wrong = { authorization_details: '{' }
  const expected = await redeem(rp, await authorizationCode(rp, request), wrong)
  const code = await authorizationCode(rp, request)
  const { result, ...outcome } = await added(op, () => redeem(rp, code, { ...wrong, completion_mode: 'deferred' }))
  if (expected.status === 400) {
    expect(result.body).toEqual(expected.body)
    expect(outcome.new).toEqual([])
  } else expect(result.body).toHaveProperty('deferral_code')
})
