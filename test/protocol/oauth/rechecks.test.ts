import { type AdapterPayload, errors } from 'oidc-provider'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { oauthGrantType, redirectUri } from '../../support/clients.js'
import { authorizationCode, grants, type HeldDeferral, held, pollDeferral, redeem } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { observedAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { type UserAgent, userAgent } from '../../support/user_agent.js'

let op: TestProvider
let reconsidered: () => boolean
const gone = new Set<string>()
const adapter = memoryAdapter()
const host = observedAdapter(adapter)
const { store } = observedStore()
const api = 'https://api.example/'

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      adapter: host.adapter,
      findAccount: (_ctx, sub) => (gone.has(sub) ? undefined : { accountId: sub, claims: () => ({ sub }) }),
      features: {
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo(_ctx: unknown, resource: string) {
            if (gone.has(resource)) throw new errors.InvalidTarget()
            return { scope: 'pay read', audience: resource, accessTokenFormat: 'opaque' as const }
          },
        },
      },
    },
    deferred: { store, defer: () => true, reconsider: () => reconsidered() },
  })
})

afterAll(() => op.close())

const metadata = {
  client_id: 'dynamic',
  client_secret: 'dynamic',
  token_endpoint_auth_method: 'client_secret_post',
  redirect_uris: [redirectUri],
  grant_types: [oauthGrantType, 'authorization_code', 'client_credentials', 'refresh_token'],
  response_types: ['code'],
  scope: 'openid email payments offline_access',
}
const change = (members: object) => adapter('Client').upsert('dynamic', { ...metadata, ...members } as never, 0)

beforeEach(async () => {
  gone.clear()
  reconsidered = () => true
  await change({})
})

const denied = { status: 400, body: { error: 'access_denied' } }
const client = { client_secret: 'dynamic' }
const rp = () => relyingParty(op.issuer, 'dynamic')
const poll = ({ deferralCode }: HeldDeferral) => pollDeferral(rp(), deferralCode, client)
const status = async ({ id }: HeldDeferral) => (await op.provider.deferrals.get(id))?.status

/** A deferral that was approved, of a client that may change. */
async function approved(grant: (typeof grants)[number], scope = 'openid email'): Promise<HeldDeferral> {
  const params = { ...client, ...(grant === 'client_credentials' && { scope: 'email' }) }
  const one = await held(op, rp(), grant, { request: { scope, prompt: 'consent' }, params })
  await op.provider.deferrals.approve(one.id)
  return one
}

/** What the host stores of tokens meanwhile. */
async function minted(work: () => Promise<unknown>): Promise<string[]> {
  host.calls.length = 0
  await work()
  return host.calls.filter((call) => /Token\.upsert|ClientCredentials\.upsert/.test(call))
}

describe.each(grants)('I-129 I-130 at the redemption of %s', (grant) => {
  test('a client that may no longer use the grant is access_denied, and nothing is minted', async () => {
    const one = await approved(grant)
    const others = metadata.grant_types.filter((name) => name !== grant)
    await change({ grant_types: others, ...(grant === 'authorization_code' && { response_types: [] }) })
    expect(await minted(async () => expect(await poll(one)).toMatchObject(denied))).toEqual([])
  })

  test('a scope that was taken away from the client is access_denied, and nothing is minted', async () => {
    const one = await approved(grant)
    await change({ scope: 'openid' })
    expect(await minted(async () => expect(await poll(one)).toMatchObject(denied))).toEqual([])
  })

  test('a resource server that is gone is access_denied, and nothing is minted', async () => {
    const params = { ...client, resource: api, ...(grant === 'client_credentials' && { scope: 'pay' }) }
    const request = { scope: 'openid pay', resource: api, prompt: 'consent' }
    await change({ scope: undefined })
    const one = await held(op, rp(), grant, { request, params })
    await op.provider.deferrals.approve(one.id)
    gone.add(api)
    expect(await minted(async () => expect(await poll(one)).toMatchObject(denied))).toEqual([])
    expect(await status(one)).toBe('approved')
  })

  test('a client that is gone, or may no longer poll, gets nothing', async () => {
    const one = await approved(grant)
    await change({ grant_types: ['authorization_code', 'client_credentials'] })
    expect(await poll(one)).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
    await adapter('Client').destroy('dynamic')
    expect(await poll(one)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(await status(one)).toBe('approved')
  })

  test('I-057 a client whose secret was replaced authenticates with the new one', async () => {
    const one = await approved(grant)
    await change({ client_secret: 'replaced' })
    expect(await poll(one)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect((await pollDeferral(rp(), one.deferralCode, { client_secret: 'replaced' })).status).toBe(200)
  })

  test('a refusal by reconsider is final', async () => {
    const one = await approved(grant)
    reconsidered = () => false
    expect(await minted(async () => expect(await poll(one)).toMatchObject(denied))).toEqual([])
    reconsidered = () => true
    expect(await poll(one)).toMatchObject(denied)
    expect(await status(one)).toBe('cancelled')
  })
})

describe('I-129 I-130 a Grant, an account and consent are checked at the redemption', () => {
  test.each<[string, (grantId: string, grant: AdapterPayload) => Promise<unknown>]>([
    ['revoked', (grantId) => adapter('Grant').destroy(grantId)],
    ['over', (grantId, grant) => adapter('Grant').upsert(grantId, { ...grant, exp: 1 }, 1)],
    ["another client's", (grantId, grant) => adapter('Grant').upsert(grantId, { ...grant, clientId: 'other' }, 100)],
    ["another account's", (grantId, grant) => adapter('Grant').upsert(grantId, { ...grant, accountId: 'bob' }, 100)],
  ])('a Grant that is %s is access_denied, and nothing is minted', async (_case, spoil) => {
    const one = await approved('authorization_code')
    const grantId = (await store.find(one.id))?.grantId as string
    await spoil(grantId, (await adapter('Grant').find(grantId)) as AdapterPayload)
    expect(await minted(async () => expect(await poll(one)).toMatchObject(denied))).toEqual([])
  })

  test('an account that is gone is access_denied, and nothing is minted', async () => {
    const one = await approved('authorization_code')
    gone.add('alice')
    expect(await minted(async () => expect(await poll(one)).toMatchObject(denied))).toEqual([])
  })

  test.each<[string, string, object]>([
    ['some scopes are not granted any more', 'openid email', { status: 200, body: { scope: 'openid email' } }],
    ['every scope is access_denied', '', denied],
  ])('when consent was withdrawn for a part, %s', async (_case, scope, expected) => {
    const one = await approved('authorization_code', 'openid email payments')
    const grantId = (await store.find(one.id))?.grantId as string
    const grant = (await adapter('Grant').find(grantId)) as AdapterPayload
    await adapter('Grant').upsert(grantId, { ...grant, openid: { scope } }, 1000)
    expect(await poll(one)).toMatchObject(expected)
  })
})

describe('C-I15 the session behind a code', () => {
  /** A deferral of an end-user with this browser, approved. */
  async function of(agent: UserAgent, request = {}): Promise<HeldDeferral> {
    const code = await authorizationCode(rp(), request, agent)
    const answer = await redeem(rp(), code, { ...client, completion_mode: 'deferred' })
    const deferralCode: string = answer.body.deferral_code
    const id = deferralCode.slice(0, 22)
    await op.provider.deferrals.approve(id)
    return { deferralCode, id, answer }
  }

  /** Logs the end-user out everywhere, as the host's own pages do. */
  async function logOut(agent: UserAgent): Promise<void> {
    const page = await agent.visit(`${op.issuer}/session/end`)
    const form = new URLSearchParams({ xsrf: page.params.xsrf as string, logout: 'yes' })
    expect((await agent.visit(`${op.issuer}/session/end/confirm`, { form })).status).toBe(200)
  }

  test('that merely ran out denies nothing, and the token is alive', async () => {
    const one = await of(userAgent())
    const session = await op.provider.Session.findByUid((await store.find(one.id))?.source.sessionUid as string)
    await session!.destroy()
    const { body } = await poll(one)
    const headers = { authorization: `Bearer ${body.access_token}` }
    expect((await fetch(`${op.issuer}/me`, { headers })).status).toBe(200)
  })

  test('I-130 that was logged out is access_denied, unless offline_access was granted', async () => {
    const agent = userAgent()
    const bound = await of(agent)
    await logOut(agent)
    expect(await poll(bound)).toMatchObject(denied)
    const offline = await of(agent, { scope: 'openid offline_access', prompt: 'consent' })
    await logOut(agent)
    expect((await poll(offline)).status).toBe(200)
  })
})
