import { expect, test } from 'vitest'
import { held, pollDeferral } from '../../../support/deferral.js'
import { cibaClients, hint, withPhone } from '../../../support/phone.js'
import { relyingParty } from '../../../support/relying_party.js'
import { resourceIndicators, richAuthorizationRequests } from '../../../support/rich_authorization_requests.js'
import { useProvider } from '../../../support/use_provider.js'

const { phone, options } = withPhone(
  { hint: true, maxOpen: { perAccount: 100 } },
  {
    configuration: {
      clients: cibaClients.map((client) => ({ ...client, authorization_details_types: ['payment'] })),
      features: {
        resourceIndicators,
        richAuthorizationRequests: richAuthorizationRequests(() => undefined),
      } as never,
    },
    deferred: { narrow: { payment: (requested, granted) => Number(granted.amount) <= Number(requested.amount) } },
  },
)
const op = useProvider(options)
const pay = 'https://pay.example/'
const payment = (amount: string) => ({ type: 'payment', amount })

async function asked() {
  const rp = relyingParty(op.issuer)
  const details = JSON.stringify([payment('100')])
  const request = { scope: 'openid pay', resource: pay, authorization_details: details }
  const { deferralCode, id } = await held(op, rp, 'authorization_code', { request })
  expect((await hint(rp, deferralCode)).status).toBe(200)
  return { id, rp, deferralCode, details, question: await phone.asked(id) }
}

/** The end-user allows these details; they are in the Grant, which hosts of every version take. */
async function allow(question: Awaited<ReturnType<typeof asked>>['question'], details: object[] | undefined) {
  const { accountId, clientId, jti } = question.request
  const grant = new op.provider.Grant({ accountId, clientId })
  grant.addOIDCScope('openid')
  grant.addResourceScope(pay, 'pay')
  if (details) Object.assign(grant, { rar: details })
  await op.provider.backchannelResult(jti, await grant.save())
}

test('X-103 X-105 the device gets the requested details, and what it allows of them is granted, by the rule of the type', async () => {
  const { id, rp, deferralCode, question } = await asked()
  expect(question.request.params.authorization_details).toBe(JSON.stringify([payment('100')]))
  await allow(question, [payment('60')])
  expect(await op.provider.deferrals.get(id)).toMatchObject({
    status: 'approved',
    decision: { authorizationDetails: [payment('60')] },
  })
  op.clock.advance(5)
  expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
})

test.each([
  ['wider ones', [payment('101')]],
  ['none', undefined],
])('X-105 N3 %s are not granted: the rest is', async (_case, details) => {
  const { id, question } = await asked()
  await allow(question, details)
  const { decision } = (await op.provider.deferrals.get(id)) ?? {}
  expect(decision).toMatchObject({ scope: ['openid', 'pay'], authorizationDetails: [] })
})

test('X-102 X-123 N3 other details beside the hint are invalid_request', async () => {
  const { rp, deferralCode } = await asked()
  const authorization_details = JSON.stringify([payment('1')])
  expect((await hint(rp, deferralCode, { authorization_details, resource: pay })).body.error).toBe('invalid_request')
})

test('X-123 the same details may be repeated, where the host takes any at this endpoint', async () => {
  const { rp, deferralCode, details: authorization_details } = await asked()
  const { status, body } = await hint(rp, deferralCode, { authorization_details, resource: pay })
  const { error_description: text = '' } = body
  // hosts of 9.0 take none
  expect([status, text.includes('is unsupported at')]).toEqual(status === 200 ? [200, false] : [400, true])
})
