import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestProvider } from '../../support/provider.js'
import { jwtApi, opaqueApi } from '../../support/resource_servers.js'
import { introspected, startDeciding, waitingRequest } from './decisions/waiting_request.js'

let op: TestProvider

beforeAll(async () => {
  op = await startDeciding()
})
afterAll(() => op.close())

test.each([opaqueApi, jwtApi])(
  'C-I14 E-33 an approval without any scope of %s, which was asked for, is redeemed: a token without them, and the answer says so',
  async (target) => {
    const { id, poll } = await waitingRequest(op, 'authorization_code', {
      scope: 'openid read',
      resource: [target],
      target,
    })
    expect(await op.provider.deferrals.approve(id, { scope: ['openid'] })).toMatchObject({ changed: true })
    const { status, body } = await poll()
    expect({ status, error: body.error }).toEqual({ status: 200 })
    expect(body.scope).toBe('')
    expect((await introspected(op, body.access_token)).scope ?? '').not.toContain('read')
  },
)
