import { decodeJwt } from 'jose'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  added,
  authorize,
  clientOf,
  clientsWith,
  deferralOf,
  everyWay,
  pushedUrl,
  redeem,
  requestObject,
  requestParams,
} from '../../support/authorization.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import type { RelyingParty } from '../../support/relying_party.js'
import { resourceIndicators, richAuthorizationRequests } from '../../support/rich_authorization_requests.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider
let rp: RelyingParty
/** the response type, where an integrator's code sees it */
let seen: Record<string, unknown>
let pushedId: string | undefined
const adapter = memoryAdapter()

const typeOf = (ctx: KoaContextWithOIDC) => ctx.oidc.params?.response_type

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      adapter,
      clients: clientsWith('assertion', { authorization_details_types: ['payment'] }),
      extraParams: {
        branch(ctx) {
          seen.extraParams = typeOf(ctx)
        },
      },
      features: {
        ...everyWay,
        resourceIndicators,
        richAuthorizationRequests: richAuthorizationRequests((ctx, { amount }) => {
          seen.validate = typeOf(ctx)
          if (amount === '0') throw new errors.InvalidAuthorizationDetails('amount must not be zero')
        }),
      } as never,
    },
    deferred: {
      defer(_ctx, request) {
        seen.defer = request.params.response_type
        seen.details = request.authorizationDetails
        return true
      },
    },
  })
  op.provider.on('interaction.started', (ctx) => {
    seen.interaction = typeOf(ctx)
  })
  rp = await clientOf(op, 'assertion')
})
beforeEach(() => {
  seen = {}
  pushedId = undefined
})
afterAll(() => op.close())

const details = [{ type: 'payment', amount: '100' }]
const request = (type: string, requested: unknown, params = {}) => ({
  response_type: type,
  // hosts before 9.11 put the details into tokens for a resource server only
  scope: 'pay',
  resource: 'https://pay.example/',
  authorization_details: JSON.stringify(requested),
  branch: 'Utrecht',
  ...params,
})

async function pushed(body: Record<string, string>) {
  const { body: answer, status } = await rp.post('/request', body)
  if (status !== 201) return { params: answer as Record<string, string> }
  pushedId = answer.request_uri.split(':').at(-1)
  op.user.interaction = {}
  return userAgent().visit(pushedUrl(rp, answer.request_uri))
}

// hosts before 9.13 say invalid_request of what is no array
const malformed = expect.stringMatching(/^invalid_(authorization_details|request)$/)

type Send = (params: Record<string, string>) => Promise<{ params: Record<string, string> }>

const ways: [string, Send][] = [
  ['directly', (params) => authorize(op, rp, params)],
  ['pushed', (params) => pushed(requestParams(rp, params))],
  ['signed', async (params) => authorize(op, rp, { ...params, request: await signed(params) })],
  ['signed and pushed', async (params) => pushed({ client_id: 'assertion', request: await signed(params) })],
]

function signed(params: Record<string, string>): Promise<string> {
  const { authorization_details: sent, ...rest } = requestParams(rp, params)
  return requestObject(op.issuer, { ...rest, authorization_details: JSON.parse(sent!) })
}

describe.each(ways)('authorization_details sent %s', (_, send) => {
  test.each([
    ['deferred_code', 'deferred_code'],
    ['deferred_code code', 'code deferred_code'],
  ])('O-013 O-014 with %s are accepted, shown to reviewers, and granted in the end', async (type, normalized) => {
    const { params } = await send(request(type, details))
    expect(params).toMatchObject({ deferred_code: expect.any(String), state: 'a state' })
    expect(await deferralOf(op, params.deferred_code)).toMatchObject({ authorizationDetails: details })
    // everyone but the validators of authorization_details sees what the client sent, its words in order
    expect(seen).toEqual({
      validate: 'code deferred_code',
      extraParams: normalized,
      interaction: normalized,
      defer: normalized,
      details,
    })
    const { body } = await redeem(op, rp, params.deferred_code!)
    expect(body.authorization_details).toEqual(details)
  })

  test.each([
    ['of an unknown type', [{ type: 'flight' }]],
    ['refused by their own rules', [{ type: 'payment', amount: '0' }]],
    ['without a type', [{ amount: '100' }]],
    ['not in an array', { type: 'payment' }],
  ])('O-014 O-015 %s are refused, and leave nothing behind', async (_what, wrong) => {
    const outcome = await added(op, () => send(request('deferred_code', wrong)))
    expect(outcome.result.params).toMatchObject({ error: malformed })
    expect(outcome.new).toEqual([])
  })

  test('O-036 C-O20 with the fragment are refused', async () => {
    const outcome = await added(op, () => send(request('deferred_code', details, { response_mode: 'fragment' })))
    expect(outcome.result.params).toMatchObject({ error: 'invalid_request' })
    expect(outcome.new).toEqual([])
  })

  test('O-014 without a resource they are invalid_target, as ever', async () => {
    const { resource, ...rest } = request('deferred_code', details)
    const outcome = await added(op, () => send(rest))
    expect(outcome.result.params).toMatchObject({ error: 'invalid_target' })
    expect(outcome.new).toEqual([])
  })
})

test('O-013 the pushed request keeps the response type that was sent', async () => {
  await pushed(requestParams(rp, request('deferred_code', details)))
  const stored = await adapter('PushedAuthorizationRequest').find(pushedId!)
  expect(decodeJwt(stored!.request as string)).toMatchObject({
    response_type: 'deferred_code',
    authorization_details: details,
  })
})

test('O-013 the interaction keeps the response type that was sent', async () => {
  op.user.interaction = {}
  const url = rp.authorizationUrl(request('deferred_code', details))
  const { url: page } = await userAgent().visit(url, { stopAt: '/interaction' })
  const interaction = await adapter('Interaction').find(page!.pathname.split('/').at(-1)!)
  expect(interaction!.params).toMatchObject({ response_type: 'deferred_code' })
})

test('O-014 text that is no JSON is refused', async () => {
  const params = { ...request('deferred_code', details), authorization_details: '[{' }
  expect((await authorize(op, rp, params)).params).toMatchObject({
    error: malformed,
    state: 'a state',
    iss: op.issuer,
  })
})

test('O-011 C03 with authorization_details, too, a client not registered for it is unauthorized_client', async () => {
  const { params } = await authorize(op, await clientOf(op, 'plain'), request('deferred_code', details))
  expect(params).toMatchObject({ error: 'unauthorized_client', state: 'a state', iss: op.issuer })
})

test('an ordinary code request with authorization_details is as ever', async () => {
  const { params } = await authorize(op, rp, request('code', details))
  expect(params.code).toBeDefined()
  expect(seen.validate).toBe('code')
})

test('C-O13 authorization_details are ignored where the host has no such feature', async () => {
  const other = await startProvider()
  const client = await clientOf(other, 'secret')
  const { params } = await authorize(other, client, { authorization_details: '[{' })
  const deferral = await deferralOf(other, params.deferred_code)
  expect(deferral).not.toHaveProperty('authorizationDetails')
  await other.close()
})
