import type { AdapterPayload } from 'oidc-provider'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { approved, clientTypes, deferred, party } from '../../support/journey.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { type UserAgent, userAgent } from '../../support/user_agent.js'

let op: TestProvider
const gone = new Set<string>()
const adapter = memoryAdapter()
const { store } = observedStore()

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      adapter,
      findAccount: (_ctx, sub) => (gone.has(sub) ? undefined : { accountId: sub, claims: () => ({ sub }) }),
      ttl: { Grant: 120 },
    },
    deferred: { store },
  })
})

afterAll(() => op.close())
beforeEach(() => gone.clear())

const denied = { status: 400, body: { error: 'access_denied' } }
const request = { scope: 'openid offline_access', prompt: 'consent' }

/** The Grant behind a deferral, as the host stores it. */
async function grantOf(id: string): Promise<[id: string, payload: AdapterPayload]> {
  const grantId = (await store.find(id))?.grantId as string
  return [grantId, (await adapter('Grant').find(grantId)) as AdapterPayload]
}

const past = () => Math.floor(Date.now() / 1000) - 1

describe.each(clientTypes)('O-074 E-34 at the redemption of the %s client', (clientId) => {
  test('an account that is gone is access_denied, and the approval survives for its return', async () => {
    const rp = await party(op, clientId)
    const { handle, id } = await approved(op, rp)
    gone.add('alice')
    for (let n = 0; n < 2; n++) expect(await rp.poll(handle)).toMatchObject(denied)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    gone.clear()
    expect((await rp.poll(handle)).status).toBe(200)
  })

  test.each<[string, (grantId: string, grant: AdapterPayload) => Promise<unknown>]>([
    ['revoked', (grantId) => adapter('Grant').destroy(grantId)],
    ['expired', (grantId, grant) => adapter('Grant').upsert(grantId, { ...grant, exp: past() }, 1)],
    ["another client's", (grantId, grant) => adapter('Grant').upsert(grantId, { ...grant, clientId: 'other' }, 100)],
    ["another account's", (grantId, grant) => adapter('Grant').upsert(grantId, { ...grant, accountId: 'bob' }, 100)],
  ])('a Grant that is %s is access_denied, and nothing is minted', async (_case, change) => {
    const rp = await party(op, clientId)
    const { handle, id } = await approved(op, rp, { request })
    await change(...(await grantOf(id)))
    const minted: unknown[] = []
    const note = (token: unknown) => minted.push(token)
    op.provider.on('access_token.saved', note)
    for (let n = 0; n < 2; n++) expect(await rp.poll(handle)).toMatchObject(denied)
    op.provider.off('access_token.saved', note)
    expect(minted).toEqual([])
  })
})

test('E-34 scopes taken out of the Grant meanwhile are not granted, and the answer says so', async () => {
  const rp = relyingParty(op.issuer)
  const { handle, id } = await approved(op, rp, { request: { scope: 'openid email payments' } })
  const [grantId, grant] = await grantOf(id)
  await adapter('Grant').upsert(grantId, { ...grant, openid: { scope: 'openid email' } }, 1000)
  expect(await rp.poll(handle)).toMatchObject({ status: 200, body: { scope: 'openid email' } })
})

test('an account that is gone at the exchange is invalid_grant, and the code survives', async () => {
  const rp = relyingParty(op.issuer)
  const { code } = await deferred(op, rp)
  gone.add('alice')
  expect(await rp.exchange(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  gone.clear()
  expect((await rp.exchange(code)).status).toBe(200)
})

test('E-35 a short life of Grants does not end a long deferral, nor the refresh token that follows', async () => {
  const rp = relyingParty(op.issuer)
  const { id } = await approved(op, rp, { request })
  const [, grant] = await grantOf(id)
  const fortnight = 14 * 86_400
  expect(grant.exp).toBeGreaterThanOrEqual(Math.floor(Date.now() / 1000) + 86_400 + fortnight)
})

/** Logs the end-user out everywhere, as the host's own pages do. */
async function logOut(agent: UserAgent): Promise<void> {
  const page = await agent.visit(`${op.issuer}/session/end`)
  const form = new URLSearchParams({ xsrf: page.params.xsrf as string, logout: 'yes' })
  const { status } = await agent.visit(`${op.issuer}/session/end/confirm`, { form })
  expect(status).toBe(200)
}

/** The session behind a deferral runs out. */
async function endSession(id: string): Promise<void> {
  const uid = (await store.find(id))?.source.sessionUid as string
  const session = await op.provider.Session.findByUid(uid)
  await session!.destroy()
}

const userinfo = async (token: string) =>
  (await fetch(`${op.issuer}/me`, { headers: { authorization: `Bearer ${token}` } })).status

describe('C-I15 E-35 the session behind the request', () => {
  test('that merely ran out denies nothing, and the tokens are alive', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await approved(op, rp)
    await endSession(id)
    const { status, body } = await rp.poll(handle)
    expect(status).toBe(200)
    expect(await userinfo(body.access_token)).toBe(200)
  })

  test('that was logged out denies nothing to a request with offline_access', async () => {
    const rp = relyingParty(op.issuer)
    const agent = userAgent()
    const { handle } = await approved(op, rp, { agent, request })
    await logOut(agent)
    const { status, body } = await rp.poll(handle)
    expect(status).toBe(200)
    expect(await userinfo(body.access_token)).toBe(200)
  })
})
