import { on } from 'node:events'
import { type Deferral, memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { notifiedAt } from '../../support/clients.js'
import { authorizationCode, pollDeferral, redeem, revoke } from '../../support/deferral.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { type UserAgent, userAgent } from '../../support/user_agent.js'

const { store, failNext } = observedStore(memoryStore())
const offline = { scope: 'openid offline_access', prompt: 'consent' }
let op: TestProvider
let defers = true

beforeAll(async () => {
  op = await startProvider({
    configuration: { clients: notifiedAt('https://rp.example/notified') },
    deferred: { store, defer: () => defers, keys: [Buffer.alloc(32, 1)], notification: { worker: false } },
  })
})
afterAll(() => op.close())

const rp = () => relyingParty(op.issuer)

interface Waits extends Deferral {
  poll(): Promise<string>
}

/** A deferral of the Grant that the end-user of this browser gave. */
async function waits(agent: UserAgent, request = {}): Promise<Waits> {
  const { body } = await redeem(rp(), await authorizationCode(rp(), request, agent), { completion_mode: 'deferred' })
  const deferral = (await op.provider.deferrals.get(body.deferral_code.slice(0, 22))) as Deferral
  return { ...deferral, poll: async () => (await pollDeferral(rp(), body.deferral_code)).body.error }
}

/** Tokens of the same Grant. */
async function tokens(agent: UserAgent) {
  defers = false
  const { body } = await redeem(rp(), await authorizationCode(rp(), offline, agent))
  defers = true
  return body
}

/** Resolves once so many deferrals were cancelled by what `work` does. */
async function cancelled(count: number, work: () => Promise<unknown>): Promise<void> {
  const heard = on(op.provider, 'deferral.cancelled')
  await work()
  for (let n = 0; n < count; n++) await heard.next()
  await heard.return?.()
}

const status = async ({ id }: Deferral) => (await op.provider.deferrals.get(id))?.status

describe('when the host revokes a Grant', () => {
  test('E-34 what waits on it is cancelled at once, its client is notified, and the reason is kept', async () => {
    const agent = userAgent()
    const one = await waits(agent)
    const page = await agent.visit(`${op.issuer}/session/end`)
    const form = new URLSearchParams({ xsrf: page.params.xsrf as string, logout: 'yes' })
    await cancelled(1, () => agent.visit(`${op.issuer}/session/end/confirm`, { form }))
    const after = await op.provider.deferrals.get(one.id)
    expect(after).toMatchObject({
      status: 'cancelled',
      cancellationReason: 'grant.revoked',
      notification: { status: 'owed' },
    })
    expect(after).not.toHaveProperty('cancelledBy')
    expect((await store.history(one.id)).at(-1)).toMatchObject({ event: 'cancelled', reason: 'grant.revoked' })
    expect(await op.provider.deferrals.approve(one.id)).toMatchObject({ changed: false })
    expect(await one.poll()).toBe('access_denied')
  })

  test('pending and approved ones end, of this Grant alone, and what is over stays as it is', async () => {
    const [agent, stranger] = [userAgent(), userAgent()]
    const [pending, approved, denied, strangers] = [
      await waits(agent, offline),
      await waits(agent, offline),
      await waits(agent, offline),
      await waits(stranger, offline),
    ]
    await op.provider.deferrals.approve(approved.id)
    await op.provider.deferrals.deny(denied.id)
    const { refresh_token: token } = await tokens(agent)
    await cancelled(2, () => revoke(rp(), token))
    expect(await Promise.all([pending, approved, denied, strangers].map(status))).toEqual([
      'cancelled',
      'cancelled',
      'denied',
      'pending',
    ])
  })

  test('a fault of the store costs a warning, and the redemption still refuses', async () => {
    const agent = userAgent()
    const one = await waits(agent, offline)
    await op.provider.deferrals.approve(one.id)
    failNext('list')
    const warned = new Promise<unknown>((resolve) => vi.spyOn(process, 'emitWarning').mockImplementation(resolve))
    await revoke(rp(), (await tokens(agent)).refresh_token)
    expect(await warned).toMatch(/deferrals of a revoked Grant cannot be cancelled: .*planted fault/)
    vi.restoreAllMocks()
    expect(await status(one)).toBe('approved')
    expect(await one.poll()).toBe('access_denied')
  })
})

describe('while the Grant is kept', () => {
  test('nothing is cancelled: by the revocation of an access token, or by the event alone', async () => {
    const agent = userAgent()
    const one = await waits(agent, offline)
    expect((await revoke(rp(), (await tokens(agent)).access_token)).status).toBe(200)
    op.provider.emit('grant.revoked', {}, one.grantId)
    await op.provider.deferrals.close()
    expect(await status(one)).toBe('pending')
  })
})
