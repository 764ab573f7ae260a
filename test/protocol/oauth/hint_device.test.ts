import { afterAll, beforeAll, expect, test } from 'vitest'
import { added, clientsWith } from '../../support/authorization.js'
import { oauthGrantType } from '../../support/clients.js'
import { whoeverCan } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { userAgent } from '../../support/user_agent.js'

const device = 'urn:ietf:params:oauth:grant-type:device_code'
const hint = { completion_mode: 'deferred' }

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      clients: clientsWith('secret', { grant_types: [device, oauthGrantType], response_types: [], redirect_uris: [] }),
      features: { deviceFlow: { enabled: true } },
    },
    deferred: { defer: whoeverCan, profiles: { openid: false } },
  })
})
afterAll(() => op.close())

const start = (rp: RelyingParty, params = {}) =>
  rp.post('/device/auth', { client_id: 'secret', scope: 'openid', ...params })

/** The end-user enters the code, confirms it and signs in. */
async function confirm(userCode: string, at = op): Promise<void> {
  const agent = userAgent()
  const entering = await agent.visit(`${at.issuer}/device?user_code=${userCode}`)
  const entered = new URLSearchParams({ ...entering.params, user_code: userCode })
  const confirming = await agent.visit(`${at.issuer}/device`, { form: entered })
  const confirmed = new URLSearchParams({ ...confirming.params, user_code: userCode, confirm: 'yes' })
  expect((await agent.visit(`${at.issuer}/device`, { form: confirmed })).status).toBe(200)
}

const poll = (rp: RelyingParty, deviceCode: string, params = {}) =>
  rp.token({ grant_type: device, device_code: deviceCode, ...params })

test('I-024 I-030 C-I07 a hint in the device request, then none: invalid_request, and the device code survives', async () => {
  const rp = relyingParty(op.issuer)
  const { body } = await start(rp, hint)
  await confirm(body.user_code)
  for (let times = 0; times < 2; times++) {
    expect(await poll(rp, body.device_code)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  }
  const { result, ...outcome } = await added(op, () => poll(rp, body.device_code, hint))
  expect(result).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
  expect(outcome.new).toEqual([])
})

test('I-026 C-I35 without the hint, and with an opt-in, the device grant is what it was', async () => {
  const rp = relyingParty(op.issuer)
  for (const params of [{}, hint]) {
    const { body } = await start(rp)
    expect((await poll(rp, body.device_code, params)).body.error).toBe('authorization_pending')
    await confirm(body.user_code)
    expect(await poll(rp, body.device_code, params)).toMatchObject({ status: 200 })
  }
})

test('I-027 the device response is the same with the hint', async () => {
  const rp = relyingParty(op.issuer)
  const [plain, hinted] = [await start(rp), await start(rp, hint)]
  expect(hinted.status).toBe(200)
  expect(Object.keys(hinted.body)).toEqual(Object.keys(plain.body))
  expect(hinted.body.expires_in).toBe(plain.body.expires_in)
})

test('I-028 I-029 what is wrong with a device request is refused as without the hint', async () => {
  const rp = relyingParty(op.issuer)
  const wrong = { scope: 'openid', max_age: '-1' }
  const [plain, hinted] = [await start(rp, wrong), await start(rp, { ...wrong, ...hint })]
  expect({ status: hinted.status, body: hinted.body }).toEqual({ status: 400, body: plain.body })
})
