import { memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { authorizationCode, held, redeem } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

const evidence = { passport: 'evidence/4711', checks: [1, true, null] }
const adapter = memoryAdapter()
const store = memoryStore()
let op: TestProvider
let defers: boolean

beforeAll(async () => {
  op = await startProvider({
    configuration: { adapter },
    deferred: { store, defer: () => defers && { context: { reason: 'new device' } } },
  })
})
beforeEach(() => {
  defers = true
  op.user.interaction = { context: evidence }
})
afterAll(() => op.close())

test.each([
  ['with the hint', { completion_mode: 'deferred' }],
  ['without it', {}],
])('I-025 what the end-user did before the code was stored reaches reviewers, %s', async (_case, request) => {
  const { id } = await held(op, relyingParty(op.issuer), 'authorization_code', { request })
  expect((await op.provider.deferrals.get(id))?.context).toEqual({ ...evidence, reason: 'new device' })
})

test('I-135 it is kept once, not with what the tokens are made from', async () => {
  const { id, code } = await held(op, relyingParty(op.issuer), 'authorization_code')
  expect(await adapter('AuthorizationCode').find(code as string)).toMatchObject({ deferralContext: evidence })
  expect(JSON.stringify((await store.find(id))?.source)).not.toContain('4711')
})

test('a code that is answered at once gives nothing of it away', async () => {
  defers = false
  const rp = relyingParty(op.issuer)
  const { status, body } = await redeem(rp, await authorizationCode(rp), { completion_mode: 'deferred' })
  expect(status).toBe(200)
  expect(JSON.stringify(body)).not.toContain('4711')
})

test.each([
  ['what JSON cannot carry', { photo: undefined, at: () => 1 }],
  ['too much of it', { photo: 'x'.repeat(20_000) }],
])('evidence that cannot be kept is said at once, not when a token is asked for: %s', async (_case, context) => {
  op.user.interaction = { context }
  const errors: Error[] = []
  op.provider.once('server_error', (_ctx, error) => errors.push(error))
  await expect(authorizationCode(relyingParty(op.issuer))).rejects.toThrow()
  if (context.photo) expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('16 KiB') })])
})
