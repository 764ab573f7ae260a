import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { push, pushedUrl, requestObject, requestParams, startEveryWay } from '../../support/authorization.js'
import { redeem, whoeverCan } from '../../support/deferral.js'
import type { TestProvider } from '../../support/provider.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider

beforeAll(async () => {
  op = await startEveryWay({ deferred: { defer: whoeverCan } })
})
afterAll(() => op.close())

const code = { response_type: 'code' }
const hint = { completion_mode: 'deferred' }

/** The URL of a request whose hint is, or is not, where the parameters travel; the query says the opposite. */
type Way = (rp: RelyingParty, isHinted: boolean) => Promise<string>

const withQuery = (url: string, isHinted: boolean) => (isHinted ? url : `${url}&completion_mode=deferred`)
const signed = (rp: RelyingParty, isHinted: boolean) => {
  const { client_id, ...params } = requestParams(rp, { ...code, ...(isHinted && hint) })
  return requestObject(op.issuer, params)
}

const ways: Record<string, Way> = {
  'a pushed request': async (rp, isHinted) =>
    withQuery(await push(rp, { ...code, ...(isHinted ? hint : {}) }), isHinted),
  'a request object': async (rp, isHinted) => {
    const request = await signed(rp, isHinted)
    return withQuery(`${op.issuer}/auth?${new URLSearchParams({ client_id: rp.clientId, request })}`, isHinted)
  },
  'a pushed request object': async (rp, isHinted) => {
    const request = await signed(rp, isHinted)
    const pushed = await rp.post('/request', { client_id: rp.clientId, request, ...(!isHinted && hint) })
    expect(pushed.status).toBe(201)
    return withQuery(pushedUrl(rp, pushed.body.request_uri), isHinted)
  },
}

describe.each(Object.keys(ways))('%s', (name) => {
  const land = async (isHinted: boolean) => {
    const rp = relyingParty(op.issuer, 'assertion')
    const { params } = await userAgent().visit(await (ways[name] as Way)(rp, isHinted))
    return { rp, params }
  }

  test('I-024 I-030 carries the hint', async () => {
    const { rp, params } = await land(true)
    expect((await redeem(rp, params.code as string)).body.error).toBe('invalid_request')
    expect((await redeem(rp, params.code as string, hint)).body.error).toBe('authorization_pending')
  })

  test('I-027 is answered as without it', async () => {
    const [hinted, plain] = [await land(true), await land(false)]
    expect(Object.keys(hinted.params).sort()).toEqual(['code', 'iss', 'state'])
    expect(Object.keys(plain.params).sort()).toEqual(['code', 'iss', 'state'])
  })

  test('I-024 E-58 what the query says beside it is no hint', async () => {
    const { rp, params } = await land(false)
    expect(await redeem(rp, params.code as string)).toMatchObject({ status: 200 })
  })
})

test('I-027 the answer of the PAR endpoint has no member of this draft', async () => {
  const rp = relyingParty(op.issuer)
  const pushed = await rp.post('/request', requestParams(rp, { ...code, ...hint }))
  expect(Object.keys(pushed.body).sort()).toEqual(['expires_in', 'request_uri'])
})

test('I-028 I-029 what is wrong with a pushed request is refused as without the hint', async () => {
  const rp = relyingParty(op.issuer)
  const wrong = { ...code, redirect_uri: 'https://evil.example/' }
  const [plain, hinted] = await Promise.all(
    [wrong, { ...wrong, ...hint }].map((params) => rp.post('/request', requestParams(rp, params))),
  )
  expect({ status: hinted?.status, body: hinted?.body }).toEqual({ status: plain?.status, body: plain?.body })
  expect(hinted?.status).toBe(400)
})

test.each([
  ['a number', 7],
  ['true', true],
  ['nothing', ''],
])('I-020 completion_mode in a request object that is %s is no hint, and no error', async (_, value) => {
  const rp = relyingParty(op.issuer, 'assertion')
  const { client_id, ...params } = requestParams(rp, code)
  const request = await requestObject(op.issuer, { ...params, completion_mode: value })
  const url = `${op.issuer}/auth?${new URLSearchParams({ client_id: rp.clientId, request })}`
  const landing = await userAgent().visit(url)
  expect(await redeem(rp, landing.params.code as string)).toMatchObject({ status: 200 })
})
