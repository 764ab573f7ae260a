import { interactionPolicy } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  added,
  authorize,
  clientOf,
  clientTypes,
  deferralOf,
  push,
  redeem,
  signedIn,
  startEveryWay,
} from '../../support/authorization.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider
const prompts: string[] = []

beforeAll(async () => {
  op = await startEveryWay()
  op.provider.on('interaction.started', (_ctx, { name }) => prompts.push(name))
})
afterAll(() => op.close())

async function shown<T>(work: () => Promise<T>): Promise<{ result: T; prompts: string[] }> {
  prompts.length = 0
  return { result: await work(), prompts: [...prompts] }
}

describe('prompt=none', () => {
  test.each(clientTypes)('O-018 with a session defers silently, to the tokens (%s)', async (clientId) => {
    const rp = await clientOf(op, clientId)
    const agent = await signedIn(op, rp)
    const outcome = await shown(() => authorize(op, rp, { prompt: 'none' }, { agent }))
    expect(outcome.prompts).toEqual([])
    const { params } = outcome.result
    expect(params).toMatchObject({ deferred_code: expect.any(String), state: 'a state', iss: op.issuer })
    expect(await redeem(op, rp, params.deferred_code!)).toMatchObject({ status: 200 })
  })

  test('O-018 C10 with a session defers a pushed request silently', async () => {
    const rp = await clientOf(op, 'secret')
    const agent = await signedIn(op, rp)
    const outcome = await shown(async () => agent.visit(await push(rp, { prompt: 'none' })))
    expect(outcome.prompts).toEqual([])
    expect(outcome.result.params.deferred_code).toBeDefined()
  })

  test.each([
    ['without a session', {}, false, 'login_required'],
    ['with a session too old', { max_age: '0' }, true, 'login_required'],
    ['with a session but without consent to a scope', { scope: 'openid email' }, true, 'consent_required'],
    ['with the session of somebody else', { claims: '{"id_token":{"sub":{"value":"bob"}}}' }, true, 'login_required'],
  ])('O-018 O-035 %s is an error without interaction, and leaves nothing behind', async (_, params, session, error) => {
    const rp = await clientOf(op, 'secret')
    const agent = session ? await signedIn(op, rp) : userAgent()
    const outcome = await shown(() =>
      added(op, () => authorize(op, rp, { ...params, prompt: 'none' } as Record<string, string>, { agent })),
    )
    expect(outcome.prompts).toEqual([])
    expect(outcome.result.result.params).toMatchObject({ error, state: 'a state', iss: op.issuer })
    expect(outcome.result.new).toEqual([])
  })
})

test('O-018 with a session and consent no page is shown, without prompt=none too', async () => {
  const rp = await clientOf(op, 'secret')
  const agent = await signedIn(op, rp)
  const outcome = await shown(() => authorize(op, rp, {}, { agent }))
  expect(outcome.prompts).toEqual([])
  expect(await deferralOf(op, outcome.result.params.deferred_code)).toMatchObject({ accountId: 'alice' })
})

test.each([
  ['login', ['login']],
  ['consent', ['consent']],
  ['login consent', ['login', 'consent']],
])('O-017 prompt=%s shows that page first', async (prompt, expected) => {
  const rp = await clientOf(op, 'secret')
  const agent = await signedIn(op, rp)
  const outcome = await shown(() => authorize(op, rp, { prompt }, { agent }))
  expect(outcome.prompts).toEqual(expected)
  expect(outcome.result.params.deferred_code).toBeDefined()
})

test("O-017 O-018 O-020 the integrator's own interactions run unchanged, and before the deferral", async () => {
  const { Check, Prompt, base } = interactionPolicy
  const policy = base()
  const missing = new Check('no_picture', 'a picture is needed', 'interaction_required', (ctx) => {
    const { result } = ctx.oidc as unknown as { result?: { deferral?: { context?: object } } }
    return !(result?.deferral?.context && 'picture' in result.deferral.context)
  })
  policy.add(new Prompt({ name: 'picture' }, missing))
  const bank = await startProvider({
    configuration: { interactions: { policy, url: (_ctx, { uid }) => `/interaction/${uid}` } },
  })
  const steps: string[] = []
  bank.provider.on('interaction.started', async (_ctx, { name }) => {
    steps.push(name)
    bank.user.interaction = { context: { [name]: `${name}.png` } }
  })
  bank.provider.on('deferral.created' as never, (() => steps.push('deferral')) as never)
  const rp = await clientOf(bank, 'secret')
  const { params } = await authorize(bank, rp)
  expect(steps).toEqual(['login', 'consent', 'picture', 'deferral'])
  expect(await deferralOf(bank, params.deferred_code)).toMatchObject({ context: { picture: 'picture.png' } })
  const code = await authorize(bank, rp, { response_type: 'code' })
  expect(code.params.code).toBeDefined()
  expect(steps.slice(4)).toEqual(['login', 'consent', 'picture'])
  await bank.close()
})
