import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorizationCode, pollDeferral, redeem } from '../../support/deferral.js'
import { waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, relyingParty } from '../../support/relying_party.js'
import { type UserAgent, userAgent } from '../../support/user_agent.js'

let op: TestProvider
let defers = true

beforeAll(async () => {
  op = await startProvider({ deferred: { defer: () => defers } })
})
afterAll(() => op.close())

interface Waits {
  id: string
  poll(): Promise<Answer>
}

const rp = () => relyingParty(op.issuer)

/** Whose end-user is told to go home and wait, in this browser; none of them asks for offline_access. */
const waits: Record<string, (agent: UserAgent) => Promise<Waits>> = {
  async 'a deferred authentication'(agent) {
    const { id, handle } = await waiting(op, rp(), { agent })
    return { id, poll: () => rp().poll(handle) }
  },
  async 'a deferred code request that was announced'(agent) {
    const code = await authorizationCode(rp(), { completion_mode: 'deferred' }, agent)
    const { body } = await redeem(rp(), code, { completion_mode: 'deferred' })
    return { id: body.deferral_code.slice(0, 22), poll: () => pollDeferral(rp(), body.deferral_code) }
  },
}

/** Sends the form of the host's sign-out page. */
async function confirm(agent: UserAgent, page: string, members: Record<string, string>): Promise<void> {
  const { params } = await agent.visit(page)
  const form = new URLSearchParams({ xsrf: params.xsrf as string, ...members })
  expect((await agent.visit(`${op.issuer}/session/end/confirm`, { form })).status).toBeLessThan(400)
}

/** Everything that ends a session, or what a client has of it. */
const endings: Record<string, (agent: UserAgent) => Promise<void>> = {
  'a sign-out': (agent) => confirm(agent, `${op.issuer}/session/end`, { logout: 'yes' }),
  'a sign-out of the client alone': (agent) => confirm(agent, `${op.issuer}/session/end?client_id=secret`, {}),
  async 'another person who signs in'(agent) {
    op.user.interaction = { accountId: 'bob' }
    await confirm(agent, rp().authorizationUrl({ response_type: 'code', prompt: 'login' }), { logout: 'yes' })
    op.user.interaction = {}
  },
}

const userinfo = async (token: string) =>
  (await fetch(`${op.issuer}/me`, { headers: { authorization: `Bearer ${token}` } })).status

describe.each(Object.entries(waits))('E-35 %s', (_kind, wait) => {
  test.each(Object.entries(endings))('survives %s, and so do its tokens', async (_ending, end) => {
    const agent = userAgent()
    const { id, poll } = await wait(agent)
    await end(agent)
    await op.provider.deferrals.approve(id)
    const { status, body } = await poll()
    expect(status).toBe(200)
    expect(await userinfo(body.access_token)).toBe(200)
  })

  test('gives tokens that do not end with the session', async () => {
    const agent = userAgent()
    const { id, poll } = await wait(agent)
    await op.provider.deferrals.approve(id)
    const { body } = await poll()
    await endings['a sign-out']?.(agent)
    expect(await userinfo(body.access_token)).toBe(200)
  })

  test('ends with a Grant that is revoked otherwise', async () => {
    const { id, poll } = await wait(userAgent())
    const { grantId } = (await op.provider.deferrals.approve(id)).deferral
    await (await op.provider.Grant.find(grantId as string))?.destroy()
    expect(await poll()).toMatchObject({ status: 400, body: { error: 'access_denied' } })
  })
})

test('what is answered at once ends with the session, announced or not', async () => {
  const agent = userAgent()
  defers = false
  const code = await authorizationCode(rp(), { completion_mode: 'deferred' }, agent)
  const { body } = await redeem(rp(), code, { completion_mode: 'deferred' })
  defers = true
  expect(await userinfo(body.access_token)).toBe(200)
  await endings['a sign-out']?.(agent)
  expect(await userinfo(body.access_token)).toBe(401)
})
