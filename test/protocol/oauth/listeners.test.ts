import type { Provider } from 'oidc-provider-deferred'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { request } from '../../support/deferral.js'
import { deferred } from '../../support/journey.js'
import type { TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { kinds, startDeciding, waitingRequest } from './decisions/waiting_request.js'

let op: TestProvider
let isFaulty = false
const warnings: string[] = []

const thrown = (event: string) => () => {
  if (isFaulty) throw Object.assign(new Error(`a fault at ${event}`), { expose: true, statusCode: 403 })
}
const rejected = (event: string) => async () => thrown(event)()

beforeAll(async () => {
  const by = (provider: Provider) => {
    provider.use(async (_ctx, next) => {
      await next()
      thrown('the middleware')()
    })
    return provider.callback()
  }
  op = await startDeciding({}, {}, { mounted: { path: '', by } })
  for (const event of ['grant.success', 'grant.error', 'deferral.redeemed', 'deferral.created'] as const) {
    op.provider.on(event as 'grant.success', thrown(event)).on(event as 'grant.success', rejected(event) as () => void)
  }
})
afterAll(() => op.close())
beforeEach(() => {
  warnings.length = 0
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)))
})
afterEach(() => {
  isFaulty = false
  vi.restoreAllMocks()
})

// whoever rejects is heard of a turn later
async function heardOf(...faults: string[]): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  for (const fault of faults) expect(warnings.join()).toContain(`a fault at ${fault}`)
}

describe('a listener that throws, one that rejects, and a middleware that throws afterwards', () => {
  test.each(kinds)('I2 take no approval away: %s', async (kind) => {
    const { id, poll } = await waitingRequest(op, kind, { scope: kind === 'client_credentials' ? 'read' : 'openid' })
    await op.provider.deferrals.approve(id)
    isFaulty = true
    const { status, headers, body } = await poll()
    expect({ status, body }).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
    expect(headers.get('cache-control')).toBe('no-store')
    await heardOf('grant.success', 'deferral.redeemed', 'the middleware')
    isFaulty = false
    expect((await poll()).body.error).toBe('invalid_grant')
  })

  test('take no deferred code away', async () => {
    const rp = relyingParty(op.issuer)
    const { code } = await deferred(op, rp)
    isFaulty = true
    expect(await rp.exchange(code)).toMatchObject({ status: 200, body: { deferred_auth_id: expect.any(String) } })
    await heardOf('grant.success', 'the middleware')
  })

  test.each(['authorization_code', 'client_credentials'] as const)('take no deferral away: %s', async (grant) => {
    const rp = relyingParty(op.issuer)
    isFaulty = grant === 'client_credentials'
    if (grant === 'authorization_code') {
      op.provider.once('deferral.created', () => {
        isFaulty = true
      })
    }
    const { answer } = await request(rp, grant)
    expect(answer).toMatchObject({
      status: 400,
      body: { error: 'authorization_pending', deferral_code: expect.any(String), interval: 5 },
    })
    await heardOf('grant.error', 'the middleware')
  })

  test('are still the answer to a request that lost nothing', async () => {
    isFaulty = true
    const { status } = await relyingParty(op.issuer).token({ grant_type: 'client_credentials' })
    expect(status).toBeGreaterThanOrEqual(400)
  })
})
