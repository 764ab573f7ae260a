import type { DeferRequest } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { authorize } from '../../support/authorization.js'
import { authorizationCode, redeem } from '../../support/deferral.js'
import { observedAdapter } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'
import { resourceIndicators, richAuthorizationRequests } from '../../support/rich_authorization_requests.js'
import { userAgent } from '../../support/user_agent.js'
import { registerCustomGrants } from './custom_grants.js'
import { closedDoors, everyDoor, openDoors } from './doors.js'

const host = observedAdapter()
const evidence = { passport: 'evidence/4711' }
const everything = { ...openDoors, ...closedDoors }

let op: TestProvider
let asked: DeferRequest[]
let decide: (request: DeferRequest) => unknown

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      ...everyDoor,
      clients: everyDoor.clients!.map((client) => ({ ...client, authorization_details_types: ['payment'] })),
      adapter: host.adapter,
      features: {
        ...everyDoor.features,
        resourceIndicators,
        richAuthorizationRequests: richAuthorizationRequests(() => undefined) as never,
      },
    },
    deferred: {
      defer(_ctx, request) {
        asked.push(request)
        return decide(request) as boolean
      },
    },
  })
  registerCustomGrants(op.provider, op.clock)
})
beforeEach(() => {
  asked = []
  decide = () => false
  op.user.interaction = {}
})
afterAll(() => op.close())

describe('a fault of defer is server_error, tells nothing, and leaves what it was about usable', () => {
  const failing = () => {
    decide = () => {
      throw Object.assign(new Error('risk.internal is down'), { statusCode: 400, status: 400, expose: true })
    }
  }

  test.each(Object.keys(everything))('%s', async (name) => {
    const { open, staysUsable } = everything[name]!
    const send = await open(op, relyingParty(op.issuer))
    failing()
    const refused = await send()
    expect(refused).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(JSON.stringify(refused.body)).not.toContain('risk.internal')
    decide = () => false
    expect((await send()).status).toBe(staysUsable ? 200 : 400)
  })

  test('the implicit flow', async () => {
    failing()
    const landing = await authorize(op, relyingParty(op.issuer), { response_type: 'id_token', nonce: 'n' })
    expect(landing).toMatchObject({ status: 500, html: expect.stringContaining('server_error') })
    expect(landing.html).not.toContain('risk.internal')
  })
})

test.each(Object.keys(everything))('a refusal stores no token, and shows none to listeners: %s', async (name) => {
  const send = await everything[name]!.open(op, relyingParty(op.issuer))
  decide = () => true
  host.calls.length = 0
  const seen: object[] = []
  op.provider.once('grant.error', (ctx) => seen.push(ctx.oidc.entities))
  await send()
  expect(
    host.calls.filter(
      (call) => /Token|ClientCredentials|Code.consume|Request.consume/.test(call) && !/find/.test(call),
    ),
  ).toEqual(everything[name]!.staysUsable ? [] : ['PreAuthorizedCode.consume'])
  expect(seen).toHaveLength(1)
  for (const kind of ['AccessToken', 'ClientCredentials']) expect(seen[0]).not.toHaveProperty(kind)
})

test('defer sees what the token request asks for, not what the code was stored for', async () => {
  const rp = relyingParty(op.issuer)
  const details = JSON.stringify([{ type: 'payment', amount: 7 }])
  const resources = 'resource=https://pay.example/&resource=https://books.example/'
  const url = rp.authorizationUrl({ response_type: 'code', scope: 'openid pay', authorization_details: details })
  const { params } = await userAgent().visit(`${url}&${resources}`)
  await redeem(rp, params.code as string, { resource: 'https://pay.example/' })
  expect(asked).toMatchObject([
    {
      scope: new Set(['openid', 'pay']),
      resource: ['https://pay.example/'],
      authorizationDetails: [{ type: 'payment', amount: 7 }],
      account: { accountId: 'alice' },
      canWait: false,
    },
  ])
  expect(asked[0]!.params).not.toHaveProperty('code_verifier')
})

test('lists of parameters are copies, frozen as well', async () => {
  const rp = relyingParty(op.issuer)
  const url = rp.authorizationUrl({ response_type: 'deferred_code', scope: 'openid pay' })
  await userAgent().visit(`${url}&resource=https://pay.example/&resource=https://books.example/`)
  expect(asked[0]!.params.resource).toEqual(['https://pay.example/', 'https://books.example/'])
  expect(Object.isFrozen(asked[0]!.params.resource)).toBe(true)
})

describe('context holds the evidence so far', () => {
  beforeEach(() => {
    op.user.interaction = { context: evidence }
  })

  test('of a client that cannot wait', async () => {
    const rp = relyingParty(op.issuer, 'public')
    await redeem(rp, await authorizationCode(rp))
    expect(asked).toMatchObject([{ context: evidence, obstacle: 'completion_mode' }])
  })

  test('of a device', async () => {
    const send = await closedDoors.device!.open(op, relyingParty(op.issuer))
    expect(await send()).toMatchObject({ status: 200 })
    expect(asked).toMatchObject([{ context: evidence }])
  })

  test('of the implicit flow, and of a deferred code', async () => {
    for (const type of ['id_token', 'deferred_code']) {
      await authorize(
        op,
        relyingParty(op.issuer),
        { response_type: type, nonce: 'n' },
        { interaction: { context: evidence } },
      )
    }
    expect(asked).toMatchObject([{ context: evidence }, { context: evidence }])
  })

  test('and nothing where there is none', async () => {
    op.user.interaction = {}
    await redeem(relyingParty(op.issuer), await authorizationCode(relyingParty(op.issuer)))
    expect(asked[0]).not.toHaveProperty('context')
  })
})

test('what the host refuses by itself is as ever: asked nothing, and the code is used up', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  expect((await redeem(rp, code, { resource: 'https://unknown.example/' })).body.error).toBe('invalid_target')
  expect((await redeem(rp, code)).body.error).toBe('invalid_grant')
  expect(asked).toEqual([])
})

test('a proof is shown once: the same key, a new proof, the same code', async () => {
  const rp = relyingParty(op.issuer, 'secret', await dpopKey())
  const code = await authorizationCode(rp)
  decide = () => true
  expect((await redeem(rp, code)).body.error).toBe('invalid_request')
  decide = () => false
  expect(await redeem(rp, code)).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
})
