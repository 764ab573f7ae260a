import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider()
})

afterAll(async () => {
  await op.close()
})

test('I2 a listener that throws changes no answer, and becomes a warning', async () => {
  for (const event of ['created', 'exchanged', 'approved', 'redeemed'] as const) {
    op.provider.on(`deferral.${event}`, () => {
      throw new Error(`a fault at ${event}`)
    })
  }
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
  const rp = relyingParty(op.issuer)
  const { params } = await userAgent().visit(rp.authorizationUrl())
  const { status, body } = await rp.exchange(params.deferred_code!)
  expect(status).toBe(200)
  const { deferrals } = await op.provider.deferrals.list()
  expect(await op.provider.deferrals.approve(deferrals[0]!.id)).toMatchObject({ changed: true })
  expect(await rp.poll(body.deferred_auth_id)).toMatchObject({ status: 200, body: { id_token: expect.any(String) } })
  const warnings = warn.mock.calls.map(([warning]) => String(warning))
  for (const event of ['created', 'exchanged', 'approved', 'redeemed']) {
    expect(warnings.join()).toContain(`a listener of deferral.${event} failed: Error: a fault at ${event}`)
  }
})

test.each([
  ['a symbol', Symbol('thrown')],
  ['an object without a prototype', Object.create(null)],
])('I2 nor does one that throws what has no text: %s', async (_name, thrown) => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
  const rp = relyingParty(op.issuer)
  const { handle, id } = await waiting(op, rp)
  const fail = () => {
    throw thrown
  }
  op.provider.once('deferral.approved', fail).once('grant.success', fail)
  expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: true })
  expect(await rp.poll(handle)).toMatchObject({ status: 200, body: { id_token: expect.any(String) } })
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('a listener of grant.success failed'))
})

test('a listener of grant.success that expects tokens does not change the answer to an exchange or a cancellation', async () => {
  vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
  const expectTokens = (ctx: { body?: unknown }) => (ctx.body as { access_token: string }).access_token.slice()
  op.provider.on('grant.success', expectTokens)
  const rp = relyingParty(op.issuer)
  const { handle, id } = await waiting(op, rp)
  expect(await rp.cancel(handle)).toMatchObject({ status: 200, body: {} })
  op.provider.off('grant.success', expectTokens)
  expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
})

test('a clock that is set back hides no decision', async () => {
  const rp = relyingParty(op.issuer)
  const { params } = await userAgent().visit(rp.authorizationUrl())
  const { body } = await rp.exchange(params.deferred_code!)
  expect((await rp.poll(body.deferred_auth_id)).body.error).toBe('authorization_pending')
  op.clock.advance(-30)
  expect((await rp.poll(body.deferred_auth_id)).body.error).toBe('authorization_pending')
})
