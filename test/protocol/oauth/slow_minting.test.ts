import type { AdapterPayload } from 'oidc-provider'
import { memoryStore } from 'oidc-provider-deferred'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { clients } from '../../support/clients.js'
import { held, pollDeferral } from '../../support/deferral.js'
import { approved } from '../../support/journey.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import type { TestProvider } from '../../support/provider.js'
import { until } from '../../support/receiver.js'
import { type Answer, relyingParty } from '../../support/relying_party.js'
import { jwtApi } from '../../support/resource_servers.js'
import { kinds, startDeciding, waitingRequest } from './decisions/waiting_request.js'
import { customGrant } from './equivalence/custom_grant.js'

let op: TestProvider
let otherNode: TestProvider
let hasAccount = true
let whileMinting: () => Promise<unknown>
let skew = 0
const saved: string[] = []
const store = memoryStore()
const adapter = memoryAdapter()
const [secret, ...others] = clients
const client = { ...secret, client_id: 'secret', grant_types: [...(secret?.grant_types ?? []), customGrant] }

beforeAll(async () => {
  const configuration = {
    adapter,
    clients: others,
    extraClientMetadata: { properties: ['last_used_at'] },
    extraTokenClaims: () => whileMinting().then(() => undefined),
    findAccount: (_ctx: unknown, sub: string) => (hasAccount ? { accountId: sub, claims: () => ({ sub }) } : undefined),
  }
  await addClient()
  op = await startDeciding({ store }, configuration)
  const node = { issuer: op.issuer, clock: op.clock }
  otherNode = await startDeciding({ store: { ...store } }, configuration, node)
  for (const { provider } of [op, otherNode]) {
    provider.on('access_token.saved', ({ jti }) => saved.push(jti))
    provider.on('client_credentials.saved', ({ jti }) => saved.push(jti))
  }
})
afterAll(async () => {
  await op.close()
  await otherNode.close()
})
beforeEach(() => {
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + skew * 1000)
  whileMinting = async () => undefined
  saved.length = 0
})
afterEach(() => {
  vi.restoreAllMocks()
})

const addClient = () => adapter('Client').upsert('secret', client as AdapterPayload, 0)

/** An approved deferral, and polls at a node. */
async function begun(profile: 'openid' | 'oauth'): Promise<(node: TestProvider) => Promise<Answer>> {
  const rp = relyingParty(op.issuer)
  if (profile === 'openid') {
    const { handle } = await approved(op, rp)
    return ({ origin }) => relyingParty(origin).poll(handle)
  }
  const { deferralCode, id } = await held(op, rp, 'client_credentials')
  await op.provider.deferrals.approve(id)
  return ({ origin }) => pollDeferral(relyingParty(origin), deferralCode)
}

test.each(['openid', 'oauth'] as const)(
  '%s: minting that takes 20 s starves nobody: polls every 5 s at two nodes end in one set of tokens',
  async (profile) => {
    const poll = await begun(profile)
    let minting = 0
    let release: (value?: unknown) => void = () => undefined
    const gate = new Promise((resolve) => {
      release = resolve
    })
    whileMinting = () => {
      minting++
      return gate
    }
    const first = [poll(op), poll(otherNode)]
    await until(() => minting === 2)
    for (let n = 0; n < 4; n++) {
      op.clock.advance(5)
      skew += 5
      for (const node of [op, otherNode]) expect((await poll(node)).body.error).toBe('authorization_pending')
    }
    release()
    const answers = await Promise.all(first)
    expect(answers.map(({ status, body }) => body.error ?? status).sort()).toEqual([200, 'invalid_grant'])
    const model = profile === 'openid' ? 'AccessToken' : 'ClientCredentials'
    const kept = await Promise.all(saved.map((jti) => adapter(model).find(jti)))
    expect(kept).toHaveLength(2)
    expect(kept.filter(Boolean)).toHaveLength(1)
    expect((await poll(op)).body.error).toBe('invalid_grant')
  },
)

/** What may end while tokens are minted, and how it comes back. */
const revocations: Record<string, { end: (id: string) => Promise<unknown>; back?: () => unknown }> = {
  'the Grant was revoked': { end: async (id) => adapter('Grant').destroy((await store.find(id))?.grantId as string) },
  'the account is gone': {
    end: async () => {
      hasAccount = false
    },
    back: () => {
      hasAccount = true
    },
  },
  'the client was deleted': { end: async () => adapter('Client').destroy('secret'), back: addClient },
}

const cases = kinds.flatMap((kind) =>
  Object.keys(revocations)
    .filter((event) => kind !== 'client_credentials' || event === 'the client was deleted')
    .map((event) => [kind, event] as const),
)

test.each(cases)(
  'I4 I-129 I-130 %s: %s while minting took longer than a second: access_denied, no JWT',
  async (kind, event) => {
    const { end, back } = revocations[event]!
    const { id, poll } = await waitingRequest(op, kind, { scope: 'openid read', resource: [jwtApi], target: jwtApi })
    await op.provider.deferrals.approve(id)
    whileMinting = async () => {
      whileMinting = async () => undefined
      skew += 1.1
      await end(id)
    }
    const { status, body } = await poll()
    await back?.()
    expect({ status, body }).toMatchObject({ status: 400, body: { error: 'access_denied' } })
    expect(body).not.toHaveProperty('access_token')
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    if (back) expect(await poll()).toMatchObject({ status: 200, body: { access_token: expect.stringContaining('.') } })
  },
)

test('I-129 the client has changed while minting took longer than a second: no tokens, and its next poll is checked', async () => {
  const poll = await begun('oauth')
  whileMinting = async () => {
    whileMinting = async () => undefined
    skew += 1.1
    await adapter('Client').upsert('secret', { ...client, client_secret: 'another secret' } as AdapterPayload, 0)
  }
  expect((await poll(op)).body).toEqual({ error: 'authorization_pending', error_description: expect.any(String) })
  op.clock.advance(5)
  expect((await poll(op)).body.error).toBe('invalid_client')
  await addClient()
  expect((await poll(op)).status).toBe(200)
  const kept = await Promise.all(saved.map((jti) => adapter('ClientCredentials').find(jti)))
  expect(kept.filter(Boolean)).toHaveLength(1)
})

test('I-129 a client whose record differs at each look-up, but not in what it may do, gets its tokens all the same', async () => {
  const poll = await begun('oauth')
  whileMinting = async () => {
    skew += 1.1
    const { grant_types = [], ...others } = client
    const changed = { ...others, grant_types: grant_types.toReversed(), last_used_at: `${skew}` }
    await adapter('Client').upsert('secret', changed as AdapterPayload, 0)
  }
  expect((await poll(op)).status).toBe(200)
  await addClient()
})
